"""Decimal sign of the numbers in a raw table: that of the task, unless they show another one."""

import logging
from collections.abc import Iterator

import pandas as pd

from spaceship.task.column_types import Column, Kind
from spaceship.task.raw_frame import label_column
from spaceship.task.task import Task

log = logging.getLogger(__name__)

_LIKE_A_NUMBER = r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?"
_POWER = r"(?:[eE][-+]?\d+)?"
_PLAIN = r"[-+]?(?:\d+|\d{1,3}(?:@\d{3})+)(?:#\d*)?" + _POWER  # @ between thousands, # decimal sign
_BARE = r"[-+]?#\d+" + _POWER
_SURE = r"[-+]?(?:\d*#(?:\d{1,2}|\d{4,})|0*#\d+|\d{4,}#\d+|[\d@]+@\d{3}#\d+)" + _POWER
"""Numbers whose sign is no other: thousands have three digits each and up to three before them."""


def with_decimal_sign(frame: pd.DataFrame, task: Task, place: str) -> Task:
    """Return the task with the decimal sign that the numbers of raw rows show, and say so.

    The task's own sign stays unless its numbers can be read with the other one alone. A column with
    a sign of its own keeps it.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> raw = pd.DataFrame({"m2": ["12,5", "7"], "sales": ["1.000,0", "3"]})
    >>> with_decimal_sign(raw, shops, "shops.csv").decimal
    ','
    """
    own, other = task.decimal, "," if task.decimal == "." else "."
    found = pd.Series([*_unfit(frame, task, own)], dtype="str").drop_duplicates()
    if found.empty:
        return task
    every = pd.Series([*_numbers(frame, task)], dtype="str")
    sure = found.str.fullmatch(_form(_SURE, other)).any()
    if not (sure and every.str.fullmatch(_form(f"{_PLAIN}|{_BARE}", other)).all()):
        return task
    log.info("%s: numbers read with the decimal %s", place, "comma" if other == "," else "point")
    return task.model_copy(update={"decimal": other})


def hint(frame: pd.DataFrame, task: Task) -> str:
    """Return how to give the decimal sign, if numbers may have another one; else nothing.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> print(hint(pd.DataFrame({"m2": ["1,250", "x"]}), shops))
    If the comma is the decimal sign, add: '++task.decimal=","'
    """
    if not [*_unfit(frame, task, task.decimal)]:
        return ""
    name, sign = ("comma", ",") if task.decimal == "." else ("point", ".")
    return f"If the {name} is the decimal sign, add: '++task.decimal=\"{sign}\"'"


def _form(pattern: str, sign: str) -> str:
    return pattern.replace("#", f"\\{sign}").replace("@", r"\." if sign == "," else ",")


def _unfit(frame: pd.DataFrame, task: Task, sign: str) -> Iterator[str]:
    """Yield the numbers that a sign cannot read."""
    mark = "," if sign == "." else "."
    for column in _columns(frame, task):
        marked = column[column.str.contains(mark, regex=False, na=False)].drop_duplicates()
        marked = marked.str.strip()
        kept = marked.str.fullmatch(_LIKE_A_NUMBER)
        if sign == ",":
            kept &= ~marked.str.fullmatch(_form(_PLAIN, sign))
        yield from marked[kept]


def _numbers(frame: pd.DataFrame, task: Task) -> Iterator[str]:
    """Yield the different values that look like numbers."""
    for column in _columns(frame, task):
        values = column.dropna().drop_duplicates().str.strip()
        yield from values[values.str.fullmatch(_LIKE_A_NUMBER)]


def _columns(frame: pd.DataFrame, task: Task) -> Iterator[pd.Series]:
    """Yield the columns of text that hold numbers in the task's sign."""
    known: dict[str, Column] = dict(task.columns)
    if not task.is_classification:
        known[task.label] = label_column(task).model_copy(update={"decimal": None})
    for name, column in known.items():
        own = column.type.kind is Kind.NUMBER and column.decimal is None
        if own and name in frame.columns and frame[name].dtype == "str":
            yield frame[name]
