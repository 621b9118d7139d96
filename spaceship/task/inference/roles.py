"""Roles of columns: which one names a row, which could name a group or a time, which are slices."""

import re
from collections.abc import Mapping

import pandas as pd

from spaceship.task.column_types import ColumnType
from spaceship.task.inference.columns import Finding
from spaceship.task.inference.profile import Profile
from spaceship.task.task import GROUP_SIZE

_ID = (
    r"(?i:(?:.*[ _.-])?(?:id|ids|uuid|guid|key|index|idx|rownames?|row|nr|no|number|ref))"
    r"|.*[a-z]I[Dd]"
)
_GROUPS = """
account animal batch building camera center centre class client clinic cluster company country
customer device district donor driver family farm firm group hospital household individual litter
machine member mother owner participant patient pair person plant player plot region sample school
sensor session site speaker station store student subj subject team twin user vehicle village ward
worker writer
"""
"""Words in the names of columns whose values have several rows each."""
_GROUPS_LEAST = 5
_ROWS_LEAST = 3
_MOST_GROUPS = 0.8  # of the rows
_LARGEST_GROUP = 0.5  # of the rows: a larger one leaves too little on one side of a split
_CANDIDATES = 3
_SLICES = 4
_SLICE_VALUES = 10
_SLICE_SHARE = 0.02  # of the rows, in the rarest value of a slice
_NO_NOUNS = "row rowname rownames index idx key record unique uuid guid the"


def find_id(profiles: Mapping[str, Profile], test: pd.DataFrame | None) -> str | None:
    """Return the column that names the rows: unique everywhere, with a name or a place to match.

    >>> from spaceship.task.inference.profile import profile
    >>> find_id({"key": profile(pd.Series(["a", "b"], name="key"))}, None)
    'key'
    """
    first = next(iter(profiles), None)
    for name, values in profiles.items():
        if values.is_unique and name and _may_name(values, test):
            named = re.fullmatch(_ID, name) is not None
            if named or (name == first and _is_row_number(values)):
                return name
    return None


def _may_name(values: Profile, test: pd.DataFrame | None) -> bool:
    """Return whether the values are no fractions, and unique and new in the test rows."""
    if values.texts.str.fullmatch(r"-?\d*\.\d*[1-9]\d*").any():
        return False
    if test is None:
        return True
    if values.name not in test.columns:
        return False
    column = test[values.name]
    new = len(values.unique) - values.distinct  # values of the test rows alone
    return bool(column.notna().all() and new == len(column))


def _is_row_number(values: Profile) -> bool:
    """Return whether the values are the numbers of rows from 0 or 1, or codes of letters."""
    numbers = pd.to_numeric(values.texts, errors="coerce")[values.counts > 0]
    if numbers.isna().any():
        return bool(numbers.isna().all() and not values.texts.str.contains(r"\s").any())
    return bool(numbers.min() in {0, 1} and numbers.max() - numbers.min() == len(numbers) - 1)


def counts_rows(values: Profile, column: pd.Series) -> str:
    """Return in words that a column of whole numbers grows by the row; empty if it does not.

    >>> from spaceship.task.inference.profile import profile
    >>> years = pd.Series([1990, 1991, 1992], name="year")
    >>> counts_rows(profile(years), years)
    'grows with every row, like a number of the row'
    """
    if not values.is_unique or len(column) < _ROWS_LEAST:
        return ""
    numbers = pd.to_numeric(column, errors="coerce")
    whole = numbers.notna().all() and (numbers % 1 == 0).all()
    if whole and numbers.is_monotonic_increasing:
        return "grows with every row, like a number of the row"
    return "is another whole number in every row, like an id" if whole else ""


def group_candidates(profiles: Mapping[str, Profile], test: pd.DataFrame | None) -> dict[str, str]:
    """Return columns with the same value in several rows, never across train and test, and why.

    >>> from spaceship.task.inference.profile import profile
    >>> group_candidates({"clinic": profile(pd.Series(list("abcdeabcde"), name="clinic"))}, None)
    {'clinic': '5 values in 10 rows'}
    """
    found: dict[str, tuple[bool, str]] = {}
    for name, values in profiles.items():
        words = {one.lower() for one in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)[-1:]}
        named = bool(words & {*_GROUPS.split()}) or re.fullmatch(_ID, name) is not None
        if not name or not _GROUPS_LEAST <= values.distinct <= _MOST_GROUPS * values.known:
            continue
        if pd.api.types.is_float_dtype(values.unique.dtype) or values.missing:
            continue
        if values.counts.max() > _LARGEST_GROUP * values.rows:
            continue
        apart = _is_apart(values, test)
        if apart is False or not (named or apart):
            continue
        why = f"{values.distinct:,} values in {values.rows:,} rows"
        found[name] = named, f"{why}, none of them in both train and test" if apart else why
    best = sorted(found, key=lambda name: not found[name][0])[:_CANDIDATES]
    return {name: found[name][1] for name in best}


def _is_apart(values: Profile, test: pd.DataFrame | None) -> bool | None:
    """Return whether no value is in both train and test; None where that proves nothing."""
    if test is None or values.name not in test.columns or values.distinct <= _SLICE_VALUES:
        return None
    seen = test[values.name].dropna().nunique()
    return len(values.unique) - values.distinct == seen if seen else None


def find_slices(profiles: Mapping[str, Profile], findings: Mapping[str, Finding]) -> list[str]:
    """Return up to four columns of few values, none of them rare.

    >>> find_slices({}, {})
    []
    """
    kinds = {ColumnType.CATEGORY, ColumnType.BOOLEAN}
    found = []
    for name, finding in findings.items():
        if finding.column is None or finding.column.type not in kinds or finding.doubts:
            continue
        values = profiles[name]
        least = values.counts[values.counts > 0].min()
        few = 2 <= values.distinct <= _SLICE_VALUES  # noqa: PLR2004
        if few and least >= _SLICE_SHARE * values.rows and name != GROUP_SIZE:
            found.append(name)
    return found[:_SLICES]


def noun_of(column: str | None) -> str | None:
    """Return the thing that a column of names names, such as a customer; None if it says nothing.

    >>> noun_of("customer_id"), noun_of("PatientId"), noun_of("id")
    ('customer', 'patient', None)
    """
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", column or "")
    found = re.fullmatch(
        r"([A-Za-z]{3,20})[ _.-]?(?:id|nr|no|number|key|code)?", words, re.IGNORECASE
    )
    noun = found[1].lower().removesuffix("id").strip() if found else ""
    return noun if len(noun) > 2 and noun not in _NO_NOUNS.split() else None  # noqa: PLR2004
