"""Type of a single column, the rules of reading it, and a comment about its values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spaceship.task.column_types import Column, ColumnType, Kind, read
from spaceship.task.inference.dates import find_compact_dates, find_dates
from spaceship.task.inference.numbers import MISSING_WORDS, find_numbers
from spaceship.task.inference.profile import Profile, share, shown
from spaceship.task.truth import PAIRS

_CASES = 6  # spellings of two words, in any case
_LONG = 40  # mean length of a text
_SENTENCE = 3  # mean number of words of a text, where most rows differ
_NAME = 2  # … where nearly all do
_MANY = 20  # distinct values, below which nothing is a text or an id
_MOST, _NEARLY_ALL = 0.3, 0.8  # share of distinct values
_SAMPLE = 5_000


@dataclass(frozen=True)
class Finding:
    """The inferred type of a column, or why nothing can be learnt from it."""

    column: Column | None  # None: not to be learnt from
    about: str  # the comment behind it: why it is left out, or range and share missing
    doubts: tuple[str, ...] = ()  # what a person should check
    guess: Column | None = None  # the type of a column that is left out

    def left_out(self, why: str) -> "Finding":
        """Return the finding with the column left out.

        >>> Finding(Column(type="number"), "0 to 9").left_out("the test file lacks it").about
        'left out: the test file lacks it'
        """
        return Finding(None, f"left out: {why}", self.doubts, self.column or self.guess)


def infer_column(values: Profile) -> Finding:
    """Return the type of a column that reads each of its values, and a comment.

    >>> from spaceship.task.inference.profile import profile
    >>> infer_column(profile(pd.Series(["7", "71", None], name="age")))
    Finding(column=Column(type=<ColumnType.NUMBER: 'number'>, ...), about='7 to 71, 33 % missing...
    """
    if values.distinct == 0:
        return Finding(None, "left out: every value is missing")
    try:
        column, doubt = _column(values)
    except (ValueError, TypeError, OverflowError):  # of values that pandas takes for nothing known
        column, doubt = Column(type=ColumnType.CATEGORY), ""
    values = values.without(column.missing) if column.missing else values
    if values.distinct == 0:
        return Finding(None, "left out: every value is missing")
    found = Finding(column, describe(values, column), (doubt,) if doubt else ())
    if values.distinct == 1 and not values.missing:
        return found.left_out(f"constant, {shown(values.texts.iloc[0])}")
    if column.type.kind is Kind.CATEGORY and _is_code(values):
        many = f"{values.distinct:,} values in {values.known:,} rows"
        return found.left_out(f"like an id, {many}")
    return found


def _column(values: Profile) -> tuple[Column, str]:
    dtype = values.unique.dtype
    if dtype in {np.dtype(bool), pd.BooleanDtype()}:
        return Column(type=ColumnType.BOOLEAN), ""
    if pd.api.types.is_datetime64_any_dtype(dtype):
        midnight = (values.unique.dt.normalize() == values.unique).all()
        return Column(type=ColumnType.DATE if midnight else ColumnType.DATETIME), ""
    missing = _spellings(values)
    rest = values.without(missing) if missing else values
    if (levels := _levels(rest)) is not None:
        return Column(type=ColumnType.BOOLEAN, missing=missing, levels=levels or None), ""
    if (compact := find_compact_dates(values)) is not None:
        return compact, ""
    blank = ("",) if "" in missing else ()
    if (found := find_numbers(values, blank) or find_dates(rest, missing)) is not None:
        return found
    kind = ColumnType.TEXT if _is_text(rest) else ColumnType.CATEGORY
    return Column(type=kind, missing=missing), ""


def _spellings(values: Profile) -> tuple[str, ...]:
    """Return the spellings of missing in a text column; a minus beside a plus is none."""
    if not (values.unique.dtype == "str" or pd.api.types.is_object_dtype(values.unique.dtype)):
        return ()
    texts = values.texts
    found = texts[texts.str.lower().isin([*MISSING_WORDS, ""])].unique()
    others = texts[~texts.isin(found)]
    if len({*others}) <= 1 or "+" in {*others.head(_MANY)}:
        return ("",) if "" in found else ()
    return tuple(sorted(found))


def _levels(values: Profile) -> tuple[str, ...] | None:
    """Return the spellings of false and true, none where any case of these words is read."""
    if len(values.unique) > _CASES:
        return None
    words = {*values.texts.str.lower()}
    pair = next((pair for pair in PAIRS if words == {*pair}), None)
    if pair is None:
        return None
    lowered = dict(zip(values.texts.str.lower()[::-1], values.texts[::-1], strict=True))
    levels = tuple(lowered[one] for one in pair)
    column = Column(type=ColumnType.BOOLEAN, levels=levels)
    if read(values.unique, column)[1].any():
        return None
    return () if pair == PAIRS[0] else levels


def _is_text(values: Profile) -> bool:
    if values.distinct <= _MANY or not values.known:
        return False
    few = values.texts.head(_SAMPLE)
    words, length = 1 + few.str.count(r"\s+").mean(), few.str.len().mean()
    differing = values.distinct / values.known
    if length > _LONG and words >= _NAME:
        return True
    return bool(
        (words >= _SENTENCE and differing > _MOST) or (words >= _NAME and differing > _NEARLY_ALL)
    )


def _is_code(values: Profile) -> bool:
    """Return whether hardly a value comes twice, which tells a model nothing."""
    return values.distinct > _MANY and values.distinct > (1 + _NEARLY_ALL) / 2 * values.known


def describe(values: Profile, column: Column) -> str:
    """Return range or commonest value, share missing and number of distinct values.

    >>> from spaceship.task.inference.profile import profile
    >>> describe(profile(pd.Series(["b", "a", "b"])), Column(type="category"))
    "2 values, commonest 'b' (67 %)"
    """
    missing = f", {share(values.missing, values.rows)} missing" if values.missing else ""
    if column.type.kind is Kind.NUMBER or column.type.kind is Kind.TIME:
        known = values.counts > 0
        found = read(values.unique[known], column)[0]
        low, high = (_short(one) for one in (found.min(), found.max()))
        return f"{low} to {high}{missing}, {values.distinct:,} values"
    common = f"commonest {shown(values.texts.iloc[0])} ({share(values.counts[0], values.rows)})"
    return f"{values.distinct:,} values, {common}{missing}"


def _short(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    return f"{value:.6g}"
