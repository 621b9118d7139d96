"""Typed values of raw columns as a task's files write them.

Booleans are written by `levels`, dates by `format`; `column_types.read` reads all of it again.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spaceship.task.column_types import Column, Kind
from spaceship.task.task import Task
from spaceship.text import one_line

Value = str | float | bool | None
"""A value of a raw column or a label, as JSON has it; None: missing."""
_WHOLE = 1e15  # from here on a float may not be the whole number that it was read from


def as_written(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return typed columns with the types that a CSV file or a JSON request gives them.

    >>> column = Column(type="date", format="%d.%m.%Y")
    >>> days = pd.DataFrame({"sown": pd.to_datetime(["2026-01-31", None])})
    >>> as_written(days, {"sown": column})["sown"].tolist()
    ['31.01.2026', nan]
    """
    changes = {}
    for name in frame.columns:
        column, kind = frame[name], columns[name].type.kind
        if kind is Kind.TIME:
            form = columns[name].format
            text = column.dt.tz_localize("UTC").dt.strftime(form) if form else column
            changes[name] = text.astype("str")
        elif kind is Kind.BOOLEAN:
            false, true = _spellings(columns[name])
            changes[name] = column.astype(object).map({False: false, True: true})
    return frame.assign(**changes)


def written(value: object, column: Column | None = None) -> Value:
    """Return a typed value as JSON has it, in the spelling of its column; None if it is missing.

    >>> written(pd.Timestamp("2026-01-31")), written(float("nan")), written(np.True_)
    ('2026-01-31', None, True)
    >>> written(True, Column(type="boolean", levels=["no", "yes"]))
    'yes'
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124
        return None
    if isinstance(value, pd.Timestamp):
        form = column.format if column is not None else None
        moment = value.tz_localize("UTC").strftime(form) if form else str(value)
        return moment if form else moment.removesuffix(" 00:00:00")
    if isinstance(value, bool | np.bool_):
        return bool(value) if column is None else _spellings(column)[int(value)]
    return float(value) if isinstance(value, int | float | np.number) else str(value)


def shown(value: Value, missing: str = "-") -> str:
    """Return a written value as a table shows it.

    >>> shown(7.0), shown(0.1), shown(None), shown(True)
    ('7', '0.1', '-', 'True')
    """
    if value is None:
        return missing
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < _WHOLE
        return f"{value:.0f}" if is_whole else f"{value:.10g}"
    return one_line(str(value))


def written_slice(task: Task, name: str, value: str) -> str:
    """Return the value of a slice, True or False of a boolean, in the spelling of its column.

    >>> written_slice(task, "party", "solo")
    'solo'
    """
    column = task.raw.get(task.slices.get(name, ""))
    if column is None or column.type.kind is not Kind.BOOLEAN or value not in {"False", "True"}:
        return value
    return shown(written(value == "True", column))


def _spellings(column: Column) -> tuple[str | bool, str | bool]:
    """Return what a column writes for false and for true."""
    false, true = column.levels or (False, True)
    return (False, True) if (false, true) == ("False", "True") else (false, true)
