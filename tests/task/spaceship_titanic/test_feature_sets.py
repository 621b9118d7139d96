"""What every feature set promises, for each YAML in configs/features."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from sklearn.base import clone

from spaceship.config.build import build
from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL, SPENDS
from spaceship.task.spaceship_titanic.features._blocks import BLOCKS
from spaceship.task.spaceship_titanic.features.full import FullFeatures
from spaceship.task.task import Task

ROOT = Path(__file__).resolve().parents[3]
YAMLS = sorted((ROOT / "configs" / "features").glob("*.yaml"))

PLANETS = st.sampled_from(["Earth", "Europa", "Mars", "Pluto", np.nan])
FLAGS = st.sampled_from([True, False, np.nan])
CABINS = st.sampled_from(["B/0/P", "F/12/S", "F/12/P", "G/1800/S", "T/3/P", "Z/9/Q", np.nan])
NAMES = st.sampled_from(["Ann Bee", "Bob Bee", "Cy Dee", "Eve", np.nan])
MONEY = st.one_of(st.just(np.nan), st.just(0.0), st.floats(0.01, 30_000))
PASSENGER = st.fixed_dictionaries(
    {
        "HomePlanet": PLANETS,
        "CryoSleep": FLAGS,
        "Cabin": CABINS,
        "Destination": st.sampled_from(["TRAPPIST-1e", "55 Cancri e", "PSO J318.5-22", np.nan]),
        "Age": st.one_of(st.just(np.nan), st.integers(0, 80).map(float)),
        "VIP": FLAGS,
        **dict.fromkeys(SPENDS, MONEY),
        "Name": NAMES,
    }
)
GROUPS = st.lists(st.lists(PASSENGER, min_size=1, max_size=4), min_size=1, max_size=6)


@pytest.fixture(params=[*(path.stem for path in YAMLS), "every block"])
def features(request: pytest.FixtureRequest, task: Task) -> Any:
    if request.param == "every block":
        return FullFeatures(list(BLOCKS))
    node = OmegaConf.load(ROOT / "configs" / "features" / f"{request.param}.yaml")
    whole = OmegaConf.create({"task": task.to_plain(), "features": node})
    return build(whole.features)


@pytest.fixture
def fitted(features: Any) -> Any:
    return features.fit(train_frame(), labels())


def frame_of(groups: list[list[dict[str, Any]]]) -> pd.DataFrame:
    rows = [
        {"PassengerId": f"{7 * number + 1:04d}_{position:02d}"} | passenger
        for number, group in enumerate(groups)
        for position, passenger in enumerate(group, start=1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"CryoSleep": object, "VIP": object})


def labels() -> np.ndarray:
    return np.random.default_rng(8).random(len(train_frame())) < 0.5


def train_frame() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    planets, decks = np.array(["Earth", "Europa", "Mars"]), np.array(list("ABCDEFG"))
    groups = []
    for number in range(60):
        planet, side = rng.choice(planets), rng.choice(["P", "S"])
        passenger = {
            "HomePlanet": planet,
            "CryoSleep": bool(rng.random() < 0.4),
            "Cabin": f"{rng.choice(decks)}/{number // 3}/{side}",
            "Destination": "TRAPPIST-1e",
            "Age": float(rng.integers(0, 80)),
            "VIP": False,
            "Name": rng.choice(["Ann Bee", "Cy Dee", "Eve Eff"]),
        } | {name: float(rng.integers(0, 900)) for name in SPENDS}
        groups.append([passenger] * int(rng.integers(1, 4)))
    return frame_of(groups)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(groups=GROUPS, order=st.randoms(use_true_random=False))
def test_order_and_batch_do_not_matter(fitted: Any, groups: list[Any], order: Any) -> None:
    frame = frame_of(groups)
    whole = fitted.transform(frame)

    shuffled = order.sample(range(len(frame)), len(frame))
    pd.testing.assert_frame_equal(
        fitted.transform(frame.iloc[shuffled]), whole.iloc[shuffled], check_exact=True
    )

    ids = frame["PassengerId"].str.split("_").str[0]
    alone = [fitted.transform(group) for _, group in frame.groupby(ids)]
    pd.testing.assert_frame_equal(pd.concat(alone), whole, check_exact=True)


def test_columns_are_floats_and_text(features: Any) -> None:
    frame = train_frame()
    columns = features.fit_transform(frame, labels())
    allowed = {np.dtype("float64"), pd.StringDtype(na_value=np.nan)}
    assert set(columns.dtypes) <= allowed
    assert columns.columns.is_unique
    assert columns.columns.tolist() == features.get_feature_names_out().tolist()
    assert np.isfinite(columns.select_dtypes("float64").fillna(0)).all(axis=None)


def test_same_dtypes_for_any_rows(features: Any) -> None:
    frame = train_frame()
    expected = features.fit_transform(frame, labels()).dtypes
    blank = frame.head(3).assign(**dict.fromkeys(COLUMNS[1:], np.nan))
    for rows in (frame.head(1), blank, blank.head(1), frame.head(0)):
        pd.testing.assert_series_equal(features.transform(rows).dtypes, expected)


def test_index_is_kept_and_input_untouched(features: Any) -> None:
    frame = train_frame()
    before = frame.copy(deep=True)
    odd = frame.set_index(pd.Index(range(1000, 1000 + len(frame))))
    assert features.fit(frame, labels()).transform(odd).index.equals(odd.index)
    pd.testing.assert_frame_equal(frame, before)


def test_a_label_among_the_columns_is_ignored(features: Any) -> None:
    frame, known = train_frame(), labels()
    expected = clone(features).fit(frame, known).transform(frame)
    labelled = clone(features).fit(frame.assign(**{LABEL: ~known}), known)
    assert LABEL not in expected
    pd.testing.assert_frame_equal(labelled.transform(frame.assign(**{LABEL: known})), expected)


def test_unseen_categories_are_data(features: Any) -> None:
    frame = train_frame()
    strange = frame.head(4).assign(
        HomePlanet="Pluto", Cabin="Z/99999/Q", Destination="Nowhere", Name="Zed Zed"
    )
    columns = features.fit(frame, labels()).transform(strange)
    assert len(columns) == 4
    assert columns["HomePlanet"].tolist() == ["Pluto"] * 4


def test_missing_is_not_zero(features: Any) -> None:
    frame = train_frame()
    blank = frame.assign(**dict.fromkeys(COLUMNS[1:], np.nan)).head(5)
    columns = features.fit(frame, labels()).transform(blank)
    assert columns[[*SPENDS, "CabinNumber"]].isna().all(axis=None)
    assert columns[["HomePlanet", "Deck", "Side"]].isna().all(axis=None)


def test_state_is_plain(features: Any) -> None:
    features.fit(train_frame(), labels())
    assert _is_plain(features.state_)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return bool(value.dtype != object)
    return type(value) in {str, int, float, bool, type(None)}
