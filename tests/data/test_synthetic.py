"""The synthetic source: the same passengers for the same arguments, learnable, and drifting."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from omegaconf import OmegaConf

from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError
from spaceship.task.raw_frame import typed, typed_label
from spaceship.task.spaceship_titanic.columns import COLUMNS, ID, LABEL, SPENDS
from spaceship.task.spaceship_titanic.generator.passengers import generate
from spaceship.task.task import Task
from tests.data.conftest import load

CONFIG = Path(__file__).parents[2] / "configs" / "data" / "synthetic.yaml"


def make(**changes: float) -> SyntheticData:
    arguments: dict[str, Any] = {"n_groups": 300, "seed": 1, "drift": 0.0, "test_fraction": 0.33}
    return SyntheticData(**arguments | changes)


def test_the_default_is_of_kaggle_s_size_and_form(task: Task) -> None:
    config: Any = OmegaConf.to_container(OmegaConf.load(CONFIG))
    assert config.pop("_target_") == "spaceship.data.synthetic.SyntheticData"
    data = load(SyntheticData(**config), task)
    assert len(data.train) == pytest.approx(8693, rel=0.03)
    assert data.test is not None
    assert len(data.test) == pytest.approx(4277, rel=0.03)
    assert list(data.train) == [*COLUMNS, LABEL]
    assert list(data.test) == list(COLUMNS)
    assert data.train["Transported"].dtype == bool
    assert data.sample is not None
    pd.testing.assert_frame_equal(data.sample, data.test[[ID]].assign(Transported=False))


def test_train_and_test_share_no_group(task: Task) -> None:
    data = load(make(), task)
    assert data.test is not None
    train, test = (set(f["PassengerId"].str[:4]) for f in (data.train, data.test))
    assert not train & test
    assert (len(train), len(test)) == (201, 99)


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_neither_side_is_ever_empty(task: Task, fraction: float) -> None:
    data = load(make(n_groups=10, test_fraction=fraction), task)
    assert data.test is not None
    assert len(data.train) * len(data.test)


def test_the_same_seed_gives_the_same_passengers_in_another_process(task: Task) -> None:
    code = (
        "from spaceship.data.synthetic import SyntheticData as S;"
        "from tests.data.conftest import built_in, load;"
        "print(load(S(n_groups=300, seed=1, drift=0.0, test_fraction=0.33), built_in()).digest)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == load(make(), task).digest


CHANGES = [{"n_groups": 301}, {"seed": 2}, {"drift": 0.1}, {"test_fraction": 0.4}]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_argument_changes_the_passengers_and_the_fingerprint(
    task: Task,
    change: dict[str, float],
) -> None:
    assert load(make(**change), task).digest != load(make(), task).digest
    assert (
        make(**change).fingerprint(task)
        != make().fingerprint(task)
        == make(drift=0).fingerprint(task)
    )


def features(frame: pd.DataFrame) -> pd.DataFrame:
    cabin = frame["Cabin"].str.split("/", expand=True)
    return frame[["Age", *SPENDS]].assign(
        planet=pd.Categorical(frame["HomePlanet"], ["Earth", "Europa", "Mars"]),
        deck=pd.Categorical(cabin[0], list("ABCDEFGT")),
        number=pd.to_numeric(cabin[1]),
        starboard=(cabin[2] == "S").astype(float),
        asleep=frame["CryoSleep"].astype(float),
    )


def accuracy(train: pd.DataFrame, test: pd.DataFrame) -> float:
    model = LGBMClassifier(
        n_estimators=120, learning_rate=0.07, num_leaves=12, n_jobs=1, verbose=-1, random_state=0
    )
    model.fit(features(train), train["Transported"])
    return float((model.predict(features(test)) == test["Transported"].to_numpy()).mean())


def test_a_model_is_as_right_as_on_kaggle_s_files_until_drift_makes_it_stale() -> None:
    train, test = (generate(6000, seed, 0.0)[0] for seed in (7, 8))
    train_later, test_later = (generate(6000, seed, 1.0)[0] for seed in (7, 8))
    fresh, stale = accuracy(train, test), accuracy(train, test_later)
    assert 0.79 < fresh < 0.84
    assert stale < fresh - 0.05
    assert accuracy(train_later, test_later) > 0.78


def test_a_model_of_synthetic_passengers_is_right_about_real_ones(
    task: Task, real_data: Path
) -> None:
    raw = pd.read_csv(real_data / "train.csv", keep_default_na=True)
    real = typed(raw, task.raw).assign(**{LABEL: typed_label(raw, task)})
    assert accuracy(generate(6000, 7, 0.0)[0], real) >= 0.74


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_groups": 9}, r"n_groups to be a whole number, 10 to 10000000, found 9; try"),
        ({"n_groups": "many"}, r"n_groups .* found 'many'; try data\.n_groups=9280"),
        ({"seed": -1}, r"data\.seed to be .* 0 or more, found -1; try data\.seed=2912"),
        ({"drift": 1.1}, r"data\.drift to be a number, 0 to 1, found 1\.1; try data\.drift=0\.5"),
        ({"drift": float("nan")}, r"data\.drift .* found nan"),
        ({"test_fraction": 0.0}, r"test_fraction .* above 0 and below 1, found 0\.0"),
        ({"n_groups": True, "test_fraction": 1.0}, r"(?s)n_groups .*True.*test_fraction .*1\.0"),
    ],
)
def test_arguments_out_of_range_are_refused_at_once(change: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**change)
