"""A raw frame has one typed form, whatever it came from."""

import io
import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.errors import DataError
from spaceship.task.raw_frame import closest, typed, typed_label
from spaceship.task.spaceship_titanic.columns import BOOLEANS, COLUMNS, LABEL, NUMBERS, PASSENGER
from spaceship.task.task import Task

TEXTS = [name for name in COLUMNS if name not in {*NUMBERS, *BOOLEANS}]
ROW = {
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(NUMBERS, 1.5),
    **dict.fromkeys(BOOLEANS, True),
}
EMPTY = {**dict.fromkeys(COLUMNS), "PassengerId": "0001_01"}
MIXED = [ROW, EMPTY, ROW | dict.fromkeys(BOOLEANS, False)]


def frame_of(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*COLUMNS])


def column(name: str, values: object) -> pd.DataFrame:
    return frame_of(*[ROW] * 3).assign(**{name: pd.Series(values)})


def through_csv(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    read: pd.DataFrame = pd.read_csv(io.StringIO(frame.to_csv(index=False)), **options)
    return read


def test_types() -> None:
    frame = typed(frame_of(*MIXED), PASSENGER)
    assert list(frame.columns) == list(COLUMNS)
    kinds = {
        **dict.fromkeys(TEXTS, "str"),
        **dict.fromkeys(NUMBERS, "float64"),
        **dict.fromkeys(BOOLEANS, "boolean"),
    }
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == kinds
    assert frame.iloc[1].isna().tolist() == [False] + [True] * 12


FORMS = {
    "typed already": lambda frame: typed(frame, PASSENGER),
    "object": lambda frame: frame.astype(object),
    "categories": lambda frame: frame.astype({"HomePlanet": "category", "VIP": "category"}),
    "nullable": lambda frame: frame.convert_dtypes(),
    "CSV": through_csv,
    "CSV as text": lambda frame: through_csv(frame, dtype=str),
    "CSV without NaN": lambda frame: through_csv(frame, dtype=str, keep_default_na=False),
    "JSON": lambda frame: pd.DataFrame(json.loads(frame.to_json(orient="records"))),
    "other order": lambda frame: frame[frame.columns[::-1]],
    "unknown column": lambda frame: frame.assign(Unknown=1),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_frame(form: Any) -> None:
    frame = frame_of(*MIXED)
    pd.testing.assert_frame_equal(typed(form(frame), PASSENGER), typed(frame, PASSENGER))


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        ["True", "False", math.nan],
        ["TRUE", " false ", ""],
        ["1", "0", None],
        [1, 0, None],
        [1.0, 0.0, math.nan],
        pd.array([1, 0, None], dtype="Int64"),
        np.array([True, 0, None], dtype=object),
    ],
)
def test_spellings_of_truth(values: object) -> None:
    assert typed(column("VIP", values), PASSENGER)["VIP"].tolist() == [True, False, pd.NA]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("Age", "old"), ("Age", "1,5"), ("Age", float("inf")), ("VIP", "maybe"), ("VIP", 2)],
        *[("Name", [1]), ("Name", {"a": 1}), ("Destination", [])],
    ],
)
def test_value_of_another_type_is_refused(name: str, value: object) -> None:
    told = re.escape(repr(value))
    with pytest.raises(DataError, match=f"expected {name} to be .*found 1 other: {told}"):
        typed(column(name, [None, value, ROW[name]]), PASSENGER, finite=True)


def test_missing_columns_are_listed_with_what_may_be_meant() -> None:
    frame = frame_of(ROW).rename(columns={"Name": "name", "VRDeck": "VR Deck"}).drop(columns="Age")
    with pytest.raises(DataError) as caught:
        typed(frame, PASSENGER)
    assert str(caught.value) == (
        "expected 13 columns, missing: Age, VRDeck (is 'VR Deck' meant?), Name (is 'name' meant?)"
    )


def test_column_twice_is_refused() -> None:
    frame = pd.concat([frame_of(ROW), frame_of(ROW)[["Age"]]], axis="columns")
    with pytest.raises(DataError, match="found more than once: Age"):
        typed(frame, PASSENGER)


@pytest.mark.parametrize(
    ("label", "dtype"), [([True, False], "bool"), (["1", "0"], "bool"), ([True, None], "boolean")]
)
def test_the_label_is_typed_apart(label: Any, dtype: str, task: Task) -> None:
    frame = frame_of(ROW, ROW).assign(**{LABEL: label})
    assert list(typed(frame, PASSENGER).columns) == [*COLUMNS]
    assert typed_label(frame, task).dtype == dtype


def test_index_is_kept() -> None:
    frame = frame_of(ROW, EMPTY).set_axis(["b", "a"], axis="index")
    assert typed(frame, PASSENGER).index.tolist() == ["b", "a"]


def test_no_rows() -> None:
    frame = typed(frame_of(), PASSENGER)
    assert frame.shape == (0, 13)
    assert str(frame["VIP"].dtype) == "boolean"


def test_input_is_left_alone() -> None:
    frame = frame_of(*MIXED)
    before = frame.copy(deep=True)
    result = typed(frame, PASSENGER)
    result["Age"] = 0.0
    pd.testing.assert_frame_equal(frame, before)


CELLS = {
    "Name": st.none() | st.text(max_size=5) | st.integers(),
    "Age": st.none() | st.floats() | st.integers(-9, 9) | st.just(""),
    "VIP": st.sampled_from([None, math.nan, True, False, "true", "False", 1, 0, ""]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS).map(lambda cells: ROW | cells), max_size=4)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_typing_twice_changes_nothing(rows: list[dict[str, Any]]) -> None:
    once = typed(frame_of(*rows).astype(object), PASSENGER)
    pd.testing.assert_frame_equal(typed(once, PASSENGER), once)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_a_row_is_typed_the_same_alone(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)
    whole = typed(frame, PASSENGER)
    for row in range(len(rows)):
        pd.testing.assert_frame_equal(typed(frame.iloc[[row]], PASSENGER), whole.iloc[[row]])


@pytest.mark.parametrize(
    ("name", "hint"), [("room_service", "RoomService"), ("Homeplanet", "HomePlanet"), ("x", "")]
)
def test_closest_name(name: str, hint: str) -> None:
    assert closest(name, COLUMNS) == (f" (is '{hint}' meant?)" if hint else "")
