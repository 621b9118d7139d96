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


class DecimalSign:
    """Decimal sign of the numbers in raw rows, given in parts of a table.

    The task's own sign stays unless its numbers can be read with the other one alone. A column with
    a sign of its own keeps it.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> sign = DecimalSign(shops)
    >>> sign.add(pd.DataFrame({"m2": ["12,5", "7"], "sales": ["1.000,0", "3"]}))
    >>> sign.task("shops.csv").decimal
    ','
    """

    def __init__(self, task: Task) -> None:
        """Start with the task's own sign."""
        self._task, self._other = task, "," if task.decimal == "." else "."
        self._unfit, self._sure, self._every = False, False, True

    def add(self, frame: pd.DataFrame) -> None:
        """Look at the numbers of further rows."""
        own, other = self._task.decimal, self._other
        for column in _columns(frame, self._task):
            texts = column.dropna().drop_duplicates().str.strip()
            texts = texts[texts.str.fullmatch(_LIKE_A_NUMBER)]
            unfit = texts.str.contains(other, regex=False)
            if own == ",":
                unfit &= ~texts.str.fullmatch(_form(_PLAIN, own))
            self._unfit |= bool(unfit.any())
            self._sure |= bool(texts[unfit].str.fullmatch(_form(_SURE, other)).any())
            self._every &= bool(texts.str.fullmatch(_form(f"{_PLAIN}|{_BARE}", other)).all())

    def task(self, place: str) -> Task:
        """Return the task with the decimal sign that the numbers show, and say so if it is new."""
        if not (self._sure and self._every):
            return self._task
        name = "comma" if self._other == "," else "point"
        log.info("%s: numbers read with the decimal %s", place, name)
        return self._task.model_copy(update={"decimal": self._other})

    @property
    def hint(self) -> str:
        """How to give the decimal sign, if numbers may have another one; else nothing."""
        if not self._unfit:
            return ""
        name = "comma" if self._other == "," else "point"
        return f"If the {name} is the decimal sign, add: '++task.decimal=\"{self._other}\"'"


def _form(pattern: str, sign: str) -> str:
    return pattern.replace("#", f"\\{sign}").replace("@", r"\." if sign == "," else ",")


def _columns(frame: pd.DataFrame, task: Task) -> Iterator[pd.Series]:
    """Yield the columns of text that hold numbers in the task's sign."""
    known: dict[str, Column] = dict(task.columns)
    if not task.is_classification:
        known[task.label] = label_column(task).model_copy(update={"decimal": None})
    for name, column in known.items():
        own = column.type.kind is Kind.NUMBER and column.decimal is None
        if own and name in frame.columns and frame[name].dtype == "str":
            yield frame[name]
