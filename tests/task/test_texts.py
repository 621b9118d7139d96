"""Texts as codes, and parts cut out of them: the same whoever reads the pattern."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.task.texts import Texts, as_arrow, as_numbers, cut

TEXTS = st.lists(st.none() | st.text(st.sampled_from("ab/_1 é\n.")), max_size=8)
ARROW = pa.large_string()


@given(texts=TEXTS, to_end=st.booleans())
@pytest.mark.parametrize(
    "pattern", ["([^/]*)", "[^/]*/([^/]*)", "([^_]*)_.*", "(.*)", "[ab]+(1+)", "(a|b)", r"(\w)?/"]
)
def test_a_part_is_what_python_finds(pattern: str, texts: list[str | None], to_end: bool) -> None:  # noqa: FBT001
    texts = [one and one.strip() for one in texts]
    search = re.compile(f"^(?:{pattern}){'$' * to_end}").search
    found = [None if one is None else search(one) for one in texts]
    expected = [one and one[1] for one in found]
    assert cut(pa.array(texts, ARROW), pattern, to_end=to_end).to_pylist() == expected


@given(st.lists(st.sampled_from(["7", "007", "1e3", " 4", "x", "", "-0.1", "9" * 30, "inf", None])))
def test_a_number_does_not_depend_on_the_others(texts: list[str | None]) -> None:
    alone = [as_numbers(pa.array([one], ARROW))[0] for one in texts]
    np.testing.assert_array_equal(as_numbers(pa.array(texts, ARROW)), alone)


@given(TEXTS, TEXTS)
def test_texts_side_by_side_are_those_of_pandas(
    first: list[str | None], second: list[str | None]
) -> None:
    n = min(len(first), len(second))
    left, right = (pd.Series(one[:n], dtype="str") for one in (first, second))
    ours, theirs = (Texts.of(as_arrow(one)) for one in (left, right))
    pd.testing.assert_series_equal(ours.beside(theirs).column(left.index), left + right)
    pd.testing.assert_series_equal(ours.filled(theirs).column(left.index), left.fillna(right))
