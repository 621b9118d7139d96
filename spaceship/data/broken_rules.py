"""Rules of a task's columns applied to raw rows: each broken rule with the values that break it."""

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spaceship.data.stored_file import counted
from spaceship.task.column_types import Column, Kind, Mask, kind_of, read
from spaceship.task.raw_frame import label_column
from spaceship.task.task import HUGE, Task
from spaceship.text import first_few

_LAST = (Kind.BOOLEAN, Kind.NUMBER, Kind.TIME)
"""Types that are checked after texts and categories, in this order."""


@dataclass(frozen=True)
class BrokenRule:
    """A rule of one column with the raw values that break it, indexed as the frame is.

    >>> print(BrokenRule("age", "0 or more", pd.Series(["-2"], pd.Index([3], name="line"))))
    age: expected 0 or more, found 1 row otherwise: line 3 '-2'
    """

    column: str
    rule: str
    found: pd.Series

    def __str__(self) -> str:
        """Return the sentence of a rule and the first rows that break it."""
        found = f"{counted(len(self.found), 'row')} otherwise: {shown_rows(self.found)}"
        return f"{self.column}: expected {self.rule}, found {found}"


def broken_rules(frame: pd.DataFrame, task: Task) -> Iterator[BrokenRule]:
    """Yield every rule that rows of a raw frame break: of texts, booleans, numbers, the label.

    The frame holds columns of the task, any of them absent, under a unique index.

    >>> size = {"type": "number", "min": 1, "max": 500, "unit": "square metres"}
    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"size": size}})
    >>> [broken] = broken_rules(pd.DataFrame({"size": ["7", "-2"]}), shops)
    >>> broken.rule, broken.found.to_dict()
    ('1 to 500 square metres', {1: '-2'})
    """
    ordered = sorted(task.raw.items(), key=lambda item: _rank(item[1].type.kind))
    for name, column in [*ordered, (task.label, label_column(task))]:
        if name in frame.columns:
            yield from _broken(frame[name], column, task)


def shown_rows(values: pd.Series) -> str:
    """Return the first values, each after what its index is: `line 3 'abc', line 9 '-1', …`.

    >>> shown_rows(pd.Series(["abc", None], pd.RangeIndex(3, 5, name="line")))
    "line 3 'abc', line 4 (empty)"
    """
    return first_few(
        f"{values.index.name} {row} {'(empty)' if pd.isna(value) else reprlib.repr(value)}"
        for row, value in values.items()
    )


def _rank(kind: Kind) -> int:
    return _LAST.index(kind) + 1 if kind in _LAST else 0


def _broken(raw: pd.Series, column: Column, task: Task) -> Iterator[BrokenRule]:
    """Yield the rules that the values of one raw column break."""
    name, is_label = str(raw.name), raw.name == task.label
    values, unreadable = read(raw, column)
    most = HUGE if is_label else np.finfo(np.float64).max
    infinite = np.zeros_like(unreadable)
    if values.dtype == np.float64:
        infinite = np.abs(values.to_numpy()) > most
    finite = f"a number within ±{HUGE:g}" if is_label else "a finite number"
    optional = column.type.kind is Kind.BOOLEAN and not is_label
    kind = f"{kind_of(column).replace(' or ', ', ')} or nothing" if optional else kind_of(column)
    required = f"{kind_of(column) or 'a value'}" if is_label else "an id" if name == task.id else ""
    missing = values.isna().to_numpy()
    marks = {kind: unreadable, finite: infinite}
    marks |= {f"{required} in every row": missing & ~unreadable} if required else {}
    known = ~(missing | unreadable | infinite)
    found = [*marks.items(), *((rule, known & ~kept) for rule, kept in _kept(values, column, task))]
    yield from (BrokenRule(name, rule, raw[m]) for rule, m in found if m.any())


def _kept(values: pd.Series, column: Column, task: Task) -> Iterator[tuple[str, Mask]]:
    """Yield each rule of a column in words, and whether each of its known values keeps it."""
    if column.min is not None or column.max is not None:
        yield _range(values, column)
    if column.pattern is not None:
        form = column.unit or f"the pattern {column.pattern}"
        yield form, values.str.match(f"(?:{column.pattern})\\Z").to_numpy(bool)
    if column.levels is not None and column.type.kind is Kind.CATEGORY:
        yield f"one of {first_few(column.levels, 20)}", values.isin([*column.levels]).to_numpy()
    if values.name == task.id:
        yield "each id once", ~values.duplicated(keep=False).to_numpy()


def _range(values: pd.Series, column: Column) -> tuple[str, Mask]:
    """Return the rule of the least and the greatest value, and whether each value keeps it."""
    low, high, numbers = column.min, column.max, values.to_numpy()
    bound: Any = np.datetime64 if column.type.kind is Kind.TIME else float
    words, kept = f"{_shown(low)} to {_shown(high)}", np.ones(len(numbers), dtype=bool)
    if low is None:
        words = f"at most {_shown(high)}"
    else:
        kept &= numbers >= bound(low)
    if high is None:
        words = f"{_shown(low)} or more"
    else:
        kept &= numbers <= bound(high)
    return f"{words} {column.unit}" if column.unit else words, kept


def _shown(bound: float | str | None) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
