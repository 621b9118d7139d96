"""Numbers as files write them: decimal commas, spellings of a missing value, codes like 007."""

import re

import numpy as np
import pandas as pd

from spaceship.task.column_types import Column, ColumnType, read
from spaceship.task.grouped_numbers import BLANKS
from spaceship.task.inference.profile import Profile, share, shown

_WORDS = """
- -- --- ? ?? . .. * n.a. n.a na n/a #n/a #na #null! \n (null) nil missing (missing)
"""
MISSING_WORDS = frozenset(_WORDS.split())
"""Spellings of a missing value, in lower case, that mean nothing else."""
_CODE = r"[-+]?0\d+"
_COMMA = rf"[-+]?(?:\d{{1,3}}(?:[.{BLANKS}]\d{{3}})+|\d+)(?:,\d+)?"
_THOUSANDS = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,3})"
_SENTINELS = ("-99", "-999", "-9999", "-99999")
_OFTEN = 3  # a number such as -999 means missing if it comes this often
_FEW = 200
_STRANGE = 3  # words in a column of numbers
_MOSTLY = 0.9  # share of rows that are numbers where some words are not
_INFINITE = 8


def find_numbers(values: Profile, missing: tuple[str, ...] = ()) -> tuple[Column, str] | None:
    """Return the column if its values are numbers but for a few spellings of missing, and a doubt.

    >>> from spaceship.task.inference.profile import profile
    >>> column, doubt = find_numbers(profile(pd.Series(["1,5", "12", "-"], name="weight")))
    >>> column.decimal, column.missing, doubt
    (',', ('-',), '')
    """
    if pd.api.types.is_numeric_dtype(values.unique.dtype):
        kind = Column(type=ColumnType.NUMBER)
        return _without_infinite(values, values.unique, kind, missing)
    texts = values.texts
    if texts.str.fullmatch(_CODE).any():
        return None
    kind = Column(type=ColumnType.NUMBER, decimal="," if _has_decimal_commas(texts) else None)
    if read(values.unique.head(_FEW), kind)[1].mean() > 1 / 2:
        return None
    numbers, unreadable = read(values.unique, kind)
    strange = texts[unreadable]
    if (doubt := _doubt(values, numbers, strange)) is None:
        return None
    return _without_infinite(values, numbers, kind, (*missing, *strange), doubt)


def _without_infinite(
    values: Profile, numbers: pd.Series, kind: Column, missing: tuple[str, ...], doubt: str = ""
) -> tuple[Column, str] | None:
    """Return the column with infinite numbers and sentinels among the spellings of missing."""
    infinite = np.isinf(numbers.to_numpy(np.float64, na_value=np.nan))
    known = int(numbers.notna().sum())
    if infinite.sum() > _INFINITE or infinite.sum() == known:
        return None
    spelt = values.texts[infinite] if infinite.any() else ()
    spellings = {*missing, *spelt, *_sentinels(values, numbers)}
    return kind.model_copy(update={"missing": tuple(sorted(spellings))}), doubt


def _doubt(values: Profile, numbers: pd.Series, strange: pd.Series) -> str | None:
    """Return what to check about words among numbers; None if they are no numbers then."""
    words = [one for one in strange if one and one.lower() not in MISSING_WORDS]
    if len(strange) > _STRANGE + len(MISSING_WORDS) or len(words) > _STRANGE:
        return None
    known = int(values.counts[numbers.notna().to_numpy()].sum())
    if numbers.notna().sum() == 0 or (words and known < _MOSTLY * values.known):
        return None
    if not words:
        return ""
    named = ", ".join(map(shown, words))
    return f"{named} ({share(values.known - known, values.rows)}) counts as missing: no number"


def _has_decimal_commas(texts: pd.Series) -> bool:
    """Return whether commas are decimal signs, not those of thousands as in 1,234."""
    rest = texts[~texts.str.lower().isin([*MISSING_WORDS, ""])]
    with_comma = rest[rest.str.contains(",", regex=False)]
    if with_comma.empty or not rest.str.fullmatch(_COMMA).all():
        return False
    return not rest.str.fullmatch(_THOUSANDS).all()


def _sentinels(values: Profile, numbers: pd.Series) -> list[str]:
    """Return the spellings of -99, -999 … if it is the only negative number, and comes often."""
    negative = (numbers < 0).to_numpy()
    lowest = numbers[negative].unique()
    if len(lowest) != 1 or str(int(lowest[0]) if np.isfinite(lowest[0]) else "") not in _SENTINELS:
        return []
    if float(lowest[0]) % 1 or values.counts[negative].sum() < _OFTEN:
        return []
    found = [*values.texts[negative]]
    return [re.sub(r"\.0+$", "", one) if values.unique.dtype != "str" else one for one in found]
