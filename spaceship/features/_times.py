"""Columns of dates: their parts, days elapsed, and days between two dates of a row."""

from collections.abc import Mapping
from itertools import combinations, islice

import pandas as pd

from spaceship.task.column_types import Column, ColumnType, Kind

_ORIGIN = pd.Timestamp(2000, 1, 1)
_DAY = 86_400.0  # seconds
_MOST_PAIRS = 15  # of two date columns each


def time_columns(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[tuple[str, pd.Series]]:
    """Return the columns, named, of all dates among the columns of a typed frame.

    >>> frame = pd.DataFrame({"since": pd.to_datetime(["2000-01-31"]).as_unit("us")})
    >>> dict(time_columns(frame, {"since": Column(type="date")}))["since_days"].tolist()
    [30.0]
    """
    times = {name: one.type for name, one in columns.items() if one.type.kind is Kind.TIME}
    made = [pair for name, kind in times.items() for pair in _parts(frame[name], name, kind)]
    for late, early in islice(combinations(times, 2), _MOST_PAIRS):
        made.append((f"{late}_minus_{early}", _days(frame[late] - frame[early])))
    return made


def _parts(column: pd.Series, name: str, kind: ColumnType) -> list[tuple[str, pd.Series]]:
    moments = column.dt
    parts = {"year": moments.year, "month": moments.month, "day": moments.day}
    parts |= {"weekday": moments.day_of_week}  # Monday is 0
    parts |= {"hour": moments.hour} if kind is ColumnType.DATETIME else {}
    parts |= {"days": _days(column - _ORIGIN)}
    return [(f"{name}_{part}", values) for part, values in parts.items()]


def _days(spans: pd.Series) -> pd.Series:
    seconds: pd.Series = spans.dt.total_seconds()
    return seconds / _DAY
