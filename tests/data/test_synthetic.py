"""The synthetic source: the same passengers for the same arguments, learnable, and drifting."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from spaceship.data.synthetic import SyntheticData, generate
from spaceship.errors import ConfigError
from spaceship.task.column_types import typed
from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL, SPENDS
from spaceship.task.spaceship_titanic.generator.cabins import DECKS
from spaceship.task.spaceship_titanic.generator.population import DESTINATIONS, PLANETS

CONFIG = Path(__file__).parents[2] / "configs" / "data" / "synthetic.yaml"


def make(**changes: float) -> SyntheticData:
    arguments = {"n_groups": 300, "seed": 1, "drift": 0.0, "test_fraction": 0.33, **changes}
    return SyntheticData(**arguments)


def test_the_default_is_of_kaggle_s_size_and_form() -> None:
    config = OmegaConf.to_container(OmegaConf.load(CONFIG))
    assert config.pop("_target_") == "spaceship.data.synthetic.SyntheticData"
    data = SyntheticData(**config).load()
    assert len(data.train) == pytest.approx(8693, rel=0.03)
    assert len(data.test) == pytest.approx(4277, rel=0.03)
    assert list(data.train) == [*COLUMNS, LABEL]
    assert list(data.test) == list(COLUMNS)
    assert data.train["Transported"].dtype == bool


def test_frames_are_typed_already() -> None:
    frame, _ = generate(50, 0, 0.0)
    pd.testing.assert_frame_equal(frame, typed(frame))


def test_train_and_test_share_no_group() -> None:
    data = make().load()
    train, test = (set(f["PassengerId"].str[:4]) for f in (data.train, data.test))
    assert not train & test
    assert len(test) == round(0.33 * 300)
    assert len(train) + len(test) == 300


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_neither_side_is_ever_empty(fraction: float) -> None:
    data = make(n_groups=10, test_fraction=fraction).load()
    assert len(data.train)
    assert len(data.test)


def test_the_sample_is_the_test_passengers_all_left_behind() -> None:
    data = make().load()
    assert data.sample is not None
    assert list(data.sample) == ["PassengerId", "Transported"]
    assert data.sample["PassengerId"].tolist() == data.test["PassengerId"].tolist()
    assert not data.sample["Transported"].any()


def test_the_same_seed_gives_the_same_passengers_in_another_process() -> None:
    code = (
        "from spaceship.data.synthetic import SyntheticData as S;"
        "print(S(n_groups=300, seed=1, drift=0.0, test_fraction=0.33).load().digest)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == make().load().digest


CHANGES = [{"n_groups": 301}, {"seed": 2}, {"drift": 0.1}, {"test_fraction": 0.4}]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_argument_changes_the_passengers_and_the_fingerprint(
    change: dict[str, float],
) -> None:
    assert make(**change).load().digest != make().load().digest
    assert make(**change).fingerprint() != make().fingerprint()


def test_the_fingerprint_does_not_ask_how_a_number_was_written() -> None:
    assert make(drift=0).fingerprint() == make(drift=0.0).fingerprint()


def test_drift_shifts_the_population_step_by_step() -> None:
    crowds = [generate(5000, 1, drift)[0] for drift in (0.0, 0.5, 1.0)]
    ages = [frame["Age"].mean() for frame in crowds]
    asleep = [frame["CryoSleep"].astype(float).mean() for frame in crowds]
    earth = [(frame["HomePlanet"] == PLANETS[0]).mean() for frame in crowds]
    assert ages == sorted(ages)
    assert asleep == sorted(asleep, reverse=True)
    assert earth == sorted(earth, reverse=True)
    assert ages[2] - ages[0] > 3
    assert asleep[0] - asleep[2] > 0.08
    assert earth[0] - earth[2] > 0.15


def features(frame: pd.DataFrame) -> pd.DataFrame:
    cabin = frame["Cabin"].str.split("/", expand=True)
    return frame[["Age", *SPENDS]].assign(
        planet=pd.Categorical(frame["HomePlanet"], PLANETS),
        destination=pd.Categorical(frame["Destination"], DESTINATIONS),
        deck=pd.Categorical(cabin[0], DECKS),
        number=pd.to_numeric(cabin[1]),
        starboard=(cabin[2] == "S").astype(float),
        asleep=frame["CryoSleep"].astype(float),
    )


def accuracy(learnt: pd.DataFrame, asked: pd.DataFrame) -> float:
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(
        n_estimators=120, learning_rate=0.07, num_leaves=12, n_jobs=1, verbose=-1, random_state=0
    )
    model.fit(features(learnt), learnt["Transported"])
    return float((model.predict(features(asked)) == asked["Transported"].to_numpy()).mean())


def with_labels(drift: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame, group = generate(9280, 7, drift)
    mine = (np.random.default_rng(0).random(9280) < 0.67)[group]
    return frame[mine], frame[~mine]


def test_a_model_lands_where_kaggle_s_do_and_drift_makes_it_stale() -> None:
    train, test = with_labels(0.0)
    train_later, test_later = with_labels(1.0)
    fresh, stale = accuracy(train, test), accuracy(train, test_later)
    assert 0.79 < fresh < 0.84
    assert stale < fresh - 0.05
    assert accuracy(train_later, test_later) > 0.78


def test_a_model_of_synthetic_passengers_knows_the_real_ones(real_data: Path) -> None:
    real = typed(pd.read_csv(real_data / "train.csv", keep_default_na=True))
    assert accuracy(with_labels(0.0)[0], real) >= 0.74


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_groups": 9}, r"data\.n_groups from 10 to 5000000 and whole, found 9; try"),
        ({"n_groups": "many"}, r"n_groups .* found 'many'; try data\.n_groups=9280"),
        ({"seed": -1}, r"data\.seed 0 or more and whole, found -1; try data\.seed=2912"),
        ({"drift": 1.1}, r"data\.drift from 0 to 1, found 1\.1; try data\.drift=0\.5"),
        ({"drift": float("nan")}, r"data\.drift from 0 to 1, found nan"),
        ({"test_fraction": 0.0}, r"test_fraction above 0 and below 1, found 0\.0"),
        ({"test_fraction": 1.0}, r"test_fraction above 0 and below 1, found 1\.0"),
    ],
)
def test_an_argument_out_of_range_is_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**change)


def test_all_faulty_arguments_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        make(n_groups=0, drift=2.0)
    assert "n_groups" in str(caught.value)
    assert "drift" in str(caught.value)
