"""The rules that the values of each column keep, as a pandera schema over the raw values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from spaceship.task.spaceship_titanic.columns import (
    BOOLEANS,
    ID,
    LABEL,
    SPENDS,
    read,
    to_number,
    to_text,
)

_OLDEST = 120  # years; nobody is known to have lived much longer
_RICHEST = 1e15  # whatever the currency; far below where sums and squares overflow
_ID_FORM = r"[0-9]+_[0-9]+"
_CABIN_FORM = r"[^/]+/[0-9]+/[^/]+"


@dataclass(frozen=True)
class BrokenRule:
    """A rule of one column with the raw values found to break it, indexed as the frame is."""

    column: str
    rule: str
    found: pd.Series


def broken_rules(frame: pd.DataFrame) -> Iterator[BrokenRule]:
    """Yield every rule that rows of a raw frame break, in the order of the columns.

    Args:
        frame: Raw values of known columns, any of them absent, with a unique index.

    """
    rules = {name: checks for name, checks in _rules().items() if name in frame.columns}
    columns = {name: pa.Column(checks=checks, nullable=True) for name, checks in rules.items()}
    values = frame.assign(**{name: _typed_if_readable(frame[name]) for name in columns})
    try:
        pa.DataFrameSchema(columns).validate(values, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for (column, rule), rows in cases.groupby(["column", "check"], sort=False):
            where = pd.Index(rows["index"].sort_values(), name=frame.index.name)
            yield BrokenRule(column, rule, frame.loc[where, column])


def _typed_if_readable(column: pd.Series) -> pd.Series:
    """Convert once what every rule of the column would have to convert by itself."""
    converted, unreadable = read(column)
    return column if unreadable.any() else converted


def _rules() -> dict[str, list[pa.Check]]:
    number = _rule("a number", _readable)
    finite = _rule("a finite number", _finite)
    spends = _spend_rules()
    return {
        ID: [
            _required("an id in every row", lambda ids: to_text(ids).notna()),
            _rule("group and number as in 0001_01", lambda ids: _matches(ids, _ID_FORM)),
            _rule("each id once", lambda ids: ~ids.duplicated(keep=False)),
        ],
        # a deck or a side never seen before is data; a cabin without its three parts is damage
        "Cabin": [_rule("deck/number/side", lambda cabins: _matches(cabins, _CABIN_FORM))],
        **{name: [_rule("true, false or nothing", _readable)] for name in BOOLEANS},
        "Age": [number, finite, _rule(f"0 to {_OLDEST} years", lambda age: _within(age, _OLDEST))],
        **{name: [number, finite, *spends] for name in SPENDS},
        LABEL: [
            _required("true or false in every row", pd.Series.notna),
            _rule("true or false", _readable),
        ],
    }


def _spend_rules() -> list[pa.Check]:
    possible = _rule(f"at most {_RICHEST:g}", lambda spend: ~(to_number(spend) > _RICHEST))
    return [_rule("zero or more", _within), possible]


def _rule(text: str, keeps: Callable[[pd.Series], pd.Series]) -> pa.Check:
    return pa.Check(keeps, error=text)


def _required(text: str, keeps: Callable[[pd.Series], pd.Series]) -> pa.Check:
    return pa.Check(keeps, error=text, ignore_na=False)


def _matches(column: pd.Series, form: str) -> pd.Series:
    text = to_text(column)
    return text.str.fullmatch(form) | text.isna()


def _readable(column: pd.Series) -> pd.Series:
    return ~read(column)[1]


def _finite(column: pd.Series) -> pd.Series:
    return to_number(column).abs() != np.inf


def _within(column: pd.Series, top: float = np.inf) -> pd.Series:
    """Mark the numbers from zero to the top, and those that other rules speak of."""
    numbers = to_number(column)
    return numbers.between(0, top) | numbers.isna() | (numbers.abs() == np.inf)
