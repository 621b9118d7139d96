"""Whatever a file, a frame or a config holds: something checked comes back, or one message."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaceship.config.build import build
from spaceship.data._base import Dataset, Table
from spaceship.data.checks import check
from spaceship.data.csv_reader import read_csv
from spaceship.data.digest import digest
from spaceship.data.sample import check_sample
from spaceship.errors import DataError, SpaceshipError
from spaceship.task.raw_frame import typed, typed_label
from spaceship.task.spaceship_titanic.columns import COLUMNS, ID, LABEL, SPENDS
from spaceship.task.task import Task

TYPES = {
    **dict.fromkeys((ID, "HomePlanet", "Cabin", "Destination", "Name"), "str"),
    **dict.fromkeys(("CryoSleep", "VIP"), "boolean"),
    **dict.fromkeys(("Age", *SPENDS), "float64"),
    LABEL: "bool",
}
CHUNKS = [
    b"",
    b'"',
    b",",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"nan",
    b"1e400",
    b"\xe9",
]
WORDS = ["", "nan", "inf", "-1", "1e400", "True", "0001_01", "B/0/P", "a\nb", '"', "9" * 400, "🚀"]
TARGETS = [
    "spaceship.data.synthetic.SyntheticData",
    "spaceship.data.local.LocalData",
    "spaceship.features.raw.RawFeatures",
    "spaceship.task.spaceship_titanic.features.full.FullFeatures",
    "spaceship.model.catboost.CategoryCatBoost",
    "sklearn.linear_model.LogisticRegression",
    "sklearn.nowhere.Nothing",
    "os.system",
]
ARGUMENTS = [
    "n_groups",
    "seed",
    "drift",
    "test_fraction",
    "dir",
    "blocks",
    "task",
    "C",
    "depth",
    "_args_",
]

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
splices = st.tuples(
    st.floats(0, 1), st.integers(0, 40), st.sampled_from(CHUNKS) | st.binary(max_size=20)
)
cells = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.none(),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def raw(people: Dataset) -> pd.DataFrame:
    """Give twelve labelled passengers as text, as a file has them."""
    return people.train.head(12).astype(object).where(people.train.head(12).notna(), "").astype(str)


def assert_told(error: SpaceshipError, *others: str) -> None:
    assert any(part in str(error) for part in ("expected", "Expected", *others))
    assert len(str(error)) < 20_000


def assert_checked(frame: pd.DataFrame, task: Task) -> None:
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == TYPES
    assert frame[ID].is_unique
    assert frame[ID].notna().all()
    again = typed(frame, task.raw).assign(**{LABEL: typed_label(frame, task)})
    pd.testing.assert_frame_equal(again, frame)
    assert len(digest(frame)) == 64


@quick
@given(changes=st.lists(splices, min_size=1, max_size=4))
def test_any_bytes_are_read_or_refused(
    raw: pd.DataFrame, task: Task, tmp_path: Path, changes: list[tuple[float, int, bytes]]
) -> None:
    data = raw.to_csv(index=False).encode()
    for share, dropped, chunk in changes:
        place = int(share * len(data))
        data = data[:place] + chunk + data[place + dropped :]
    path = tmp_path / "train.csv"
    path.write_bytes(data)
    try:
        frame = check(Table(read_csv(path), str(path)), task, labelled=True)
    except DataError as error:
        assert_told(error)
    else:
        assert_checked(frame, task)


@quick
@given(data=st.data())
def test_any_values_are_checked_or_refused(
    raw: pd.DataFrame, task: Task, data: st.DataObject
) -> None:
    frame = raw.astype(object)
    for _ in range(data.draw(st.integers(1, 3))):
        column = data.draw(st.sampled_from([*COLUMNS, LABEL]))
        frame.loc[data.draw(st.integers(0, 11)), column] = data.draw(cells)
    names = data.draw(st.sampled_from([[*frame], [*frame][::-1], [*frame, "Age"], [*frame][1:]]))
    try:
        checked = check(Table(frame[names], "train.csv"), task, labelled=True)
    except DataError as error:
        assert_told(error)
    else:
        assert_checked(checked, task)


@quick
@given(
    more=st.lists(st.sampled_from([ID, LABEL, "Age"]), max_size=2),
    dropped=st.sampled_from([0, 0, 0, 1, 12]),
    labels=st.lists(st.booleans(), min_size=12, max_size=12) | st.lists(cells, min_size=12),
)
def test_any_sample_is_taken_or_refused(
    raw: pd.DataFrame, task: Task, more: list[str], dropped: int, labels: list[Any]
) -> None:
    names = [ID, LABEL, *more]
    columns = {ID: raw[ID], LABEL: pd.Series(labels[:12], dtype=object), "Age": raw["Age"]}
    sample = pd.concat([columns[name] for name in names], axis="columns").iloc[dropped:]
    try:
        checked = check_sample(
            Table(sample.set_axis(names, axis="columns"), "sample.csv"), raw, task
        )
    except DataError as error:
        assert_told(error)
    else:
        assert list(checked.columns) == [ID, LABEL]
        assert len(checked) == len(raw)


@quick
@given(
    target=st.sampled_from(TARGETS),
    arguments=st.dictionaries(st.sampled_from(ARGUMENTS), plain, max_size=4),
)
def test_any_config_is_built_or_refused(target: str, arguments: dict[str, Any]) -> None:
    try:
        part = build({"_target_": target, **arguments})
    except SpaceshipError as error:
        assert_told(error, target)
    else:
        assert target.startswith(("spaceship.", "sklearn."))
        assert part is not None
