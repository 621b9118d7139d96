"""The fast pass over a CSV text finds what the strict pass and pandas find, or leaves it."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.data import csv_form
from spaceship.data.csv_reader import csv_rows
from spaceship.data.plain_csv import MISSING, Block
from spaceship.errors import DataError
from spaceship.task.column_types import Column, ColumnType, Kind, read

FIELD = st.text('a ",;\n\r\t0é', max_size=4) | st.sampled_from(
    ["NA", "None", "nan", '""', "-1.#IND", "<NA>", " NA", "-", "inf", "#N/A N/A"]
)
NO_NUMBERS = ["nAn", "nan(1)", "12,5", "x", " NA", "  ", "0x1", "\uff11", "1_0"]
PIECES = st.sampled_from(["a", "1", ",", ",", "\n", "\n", '"', '""', "\r\n", "\r", " ", "NA", "é"])


def outcome(data: bytes) -> tuple[object, ...]:
    """Return rows, line numbers and names, or the message."""
    try:
        frame = csv_rows(Path("a.csv"), data)
    except DataError as error:
        return (str(error),)
    filled = [[None if pd.isna(one) else one for one in row] for row in frame.to_numpy().tolist()]
    return filled, frame.index.tolist(), frame.columns.tolist(), [*map(str, frame.dtypes)]


def slow_outcome(data: bytes) -> tuple[object, ...]:
    with patch.object(Block, "rows", return_value=None):
        return outcome(data)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_written_rows_are_the_same_both_ways(rows: list[tuple[str, ...]], end: str) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "z"], dtype=str)
    data = frame.to_csv(index=False, lineterminator=end).encode()
    assert outcome(data) == slow_outcome(data)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=24).map("".join), st.sampled_from(["x,y\n", '"x","y"\n', ""]))
def test_any_text_is_the_same_both_ways(text: str, header: str) -> None:
    data = f"{header}{text}".encode()
    assert outcome(data) == slow_outcome(data)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(PIECES, max_size=24).map("".join),
    st.integers(1, 9),
    st.sampled_from([outcome, slow_outcome]),
)
def test_blocks_of_any_size_hold_the_same_rows(
    text: str, size: int, read: Callable[[bytes], object]
) -> None:
    data = f"x,y\n{text}".encode()
    whole = read(data)
    with patch.object(csv_form, "BLOCK", size):
        assert read(data) == whole


def rows(data: bytes, **kinds: Kind) -> pd.DataFrame | None:
    return Block.of(data, last=True).rows(",", ["x", "y"], kinds)


def test_plain_files_take_the_fast_pass() -> None:
    for data in (b"1,2\n", b'"1","2,3"\r\n', b'1,"a ""b"" c"', b'1,"a\nb"\n\n'):
        found = rows(data)
        assert found is not None
        assert found.index.tolist() == [0]


@pytest.mark.parametrize("data", [b"1\n", b'1,"2\n', b'1,a"b\n', b'1,2"\n', b"1,2\r3,4\n"])
def test_whatever_may_be_a_fault_is_left_to_the_strict_pass(data: bytes) -> None:
    assert rows(data) is None


@pytest.mark.parametrize(
    ("kind", "values", "same"),
    [
        (Kind.NUMBER, ["1", "-2.5e3", ""], [1.0, -2500.0, None]),
        (Kind.NUMBER, ["+1", " 7", "NaN"], [1.0, 7.0, None]),
        (Kind.NUMBER, ["-0", "inf", "1e999"], [0.0, np.inf, np.inf]),
        (Kind.BOOLEAN, ["True", "no", "NA"], [True, False, None]),
        (Kind.BOOLEAN, ["WAHR", "0", "1.0"], [True, False, True]),
        *((Kind.NUMBER, [one, "3"], None) for one in NO_NUMBERS),
        *((Kind.BOOLEAN, [one, "1"], None) for one in ("maybe", "2", "  ", "1.00")),
    ],
)
def test_a_column_has_its_type_only_if_all_of_it_has(
    kind: Kind, values: list[str], same: list[object] | None
) -> None:
    data = "".join(f'1,"{one}"\n' for one in values).encode()
    found = rows(data, x=Kind.NUMBER, y=kind)
    assert found is not None
    assert [None if pd.isna(one) else one for one in found["y"]] == (same or values)
    assert found["x"].dtype == ("str" if same is None else "float64")
    if same is not None:  # what the types of columns say of the texts
        known = pd.Series([None if one in MISSING else one for one in values])
        typed, unreadable = read(known, Column(type=ColumnType(kind)))
        assert not unreadable.any()
        assert typed.tolist()[:2] == same[:2]


@pytest.mark.slow
def test_a_fault_in_a_long_file_has_its_line() -> None:
    data = b"x,y\n" + b"1,2\n" * 300_000 + b"1\n" + b"1,2\n" * 10
    with pytest.raises(DataError, match=r"found 1 otherwise: line 300002 \(1 fields\)"):
        csv_rows(Path("a.csv"), data)
