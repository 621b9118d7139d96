"""Rows as arrays: the values that a typed frame of the same JSON values has, and its rules."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spaceship.data.broken_rules import broken_rules, keep_rules
from spaceship.errors import DataError
from spaceship.model.request_rows import as_frame
from spaceship.task.column_types import Column, ColumnType
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task
from spaceship.task.typed_rows import TypedRows

SIGNS = "aZ9é _\t\x00\u00a0\u2003\ud800\U0001f600."
NUMBERS = st.one_of(
    st.integers(-(2**80), 2**80), st.floats(), st.sampled_from([10**400, 2**53 + 1, 1e308, -0.0])
)
TEXTS = st.text(SIGNS, max_size=4) | st.sampled_from(["7", "1e3", "true", "no", "nan", "", "2024"])
VALUES = {
    "number": NUMBERS | st.none(),
    "text": TEXTS | st.none(),
    "boolean": st.booleans() | st.none(),
    "any": st.one_of(NUMBERS, TEXTS, st.booleans(), st.none(), st.just([1]), st.just({"a": 1})),
}
TYPES = [*ColumnType]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(TYPES), n_rows=st.integers(1, 5))
def test_values_of_json_have_the_bits_of_a_typed_frame(
    data: st.DataObject, kind: ColumnType, n_rows: int
) -> None:
    own = VALUES.get(kind, VALUES["text"])
    values = data.draw(st.sampled_from([own, own, VALUES["any"]]))
    drawn = {"a": data.draw(st.lists(values, min_size=n_rows, max_size=n_rows))}
    columns = {"a": Column(type=kind)}
    rows = TypedRows.read(drawn, columns)
    if rows is not None:
        wanted = TypedRows.of(typed(as_frame(drawn), columns))
        assert_same(rows["a"], wanted["a"])
        assert len(rows) == len(wanted) == n_rows


def assert_same(found: Any, wanted: Any) -> None:
    if isinstance(wanted, np.ndarray):
        plain = (one + 0.0 if one.dtype == np.float64 else one for one in (found, wanted))
        assert len({repr(one.tolist()) for one in plain}) == 1  # -0.0 is 0.0 to every model
    else:
        assert found.to_pylist() == wanted.to_pylist()
        assert found.type == wanted.type


@settings(max_examples=300, deadline=None)
@given(one=VALUES["any"], beside=VALUES["any"], kind=st.sampled_from(TYPES))
@example(one=7.0, beside="x", kind=ColumnType.CATEGORY)
@example(one=-0.0, beside=0, kind=ColumnType.NUMBER)
@example(one=2**60 + 1, beside=None, kind=ColumnType.TEXT)
def test_a_value_is_read_the_same_whatever_stands_beside_it(
    one: Any, beside: Any, kind: ColumnType
) -> None:
    columns = {"a": Column(type=kind)}
    try:
        pair = TypedRows.of(typed(as_frame({"a": [one, beside]}), columns))["a"]
    except (DataError, UnicodeEncodeError):
        return
    alone = TypedRows.of(typed(as_frame({"a": [one]}), columns))["a"]
    assert_same(pair[:1], alone)


@pytest.mark.parametrize(
    "column",
    [
        Column(type=ColumnType.DATE),
        Column(type=ColumnType.NUMBER, missing=("-1",)),
        Column(type=ColumnType.BOOLEAN),
    ],
    ids=["date", "spelt missing", "a number for a truth"],
)
def test_a_column_that_takes_a_closer_look_is_left_to_the_frame(column: Column) -> None:
    assert TypedRows.read({"a": [1, 0]}, {"a": column}) is None
    assert TypedRows.read({"b": [1.0]}, {"a": column}) is None


RULES = {
    "id": {"type": "text", "pattern": "[a-c]+"},
    "size": {"type": "number", "min": -1, "max": 2},
    "plan": {"type": "category", "levels": ["a", "b"]},
    "code": {"type": "text", "pattern": "(?!c).*"},  # a look-ahead, which Arrow does not know
    "day": {"type": "date", "max": "2024-01-31"},
    "senior": "boolean",
}
RULED = Task.read(
    {"problem": "regression", "label": "fee", "id": "id", "columns": RULES, "noun": "shop"}
)
TYPED = {
    "id": st.sampled_from(["a", "b", "ab", "c", "abc", "d", None]),
    "size": st.sampled_from([-1.0, 0.0, 2.0, 2.5, np.inf, None]),
    "plan": st.sampled_from(["a", "b", "c", None]),
    "code": st.sampled_from(["a", "ca", None]),
    "day": st.sampled_from(["2023-05-01", "2024-02-01", None]),
    "senior": st.sampled_from([True, False, None]),
    "fee": st.sampled_from([1.0, 1e300, np.inf, None]),
}


@settings(max_examples=150, deadline=None)
@given(data=st.data(), n_rows=st.integers(1, 3), name=st.sampled_from([*TYPED]))
def test_rows_keep_the_rules_if_no_rule_is_broken(
    data: st.DataObject, n_rows: int, name: str
) -> None:
    columns = {**RULED.raw, "fee": Column(type=ColumnType.NUMBER)}
    drawn = data.draw(st.lists(TYPED[name], min_size=n_rows, max_size=n_rows))
    frame = typed(pd.DataFrame({name: pd.Series(drawn, dtype=object)}), {name: columns[name]})
    kept = keep_rules(TypedRows.of(frame), columns, RULED)
    assert kept is not any(broken_rules(frame, RULED))


def test_a_text_that_is_no_unicode_is_left_to_the_frame() -> None:
    assert TypedRows.read({"a": ["\ud800"]}, {"a": Column(type=ColumnType.TEXT)}) is None
    with pytest.raises((DataError, UnicodeError)):
        typed(as_frame({"a": ["\ud800"]}), {"a": Column(type=ColumnType.TEXT)})
