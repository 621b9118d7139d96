"""Rules of a task's columns applied to raw rows: each broken rule with the values that break it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from spaceship.task.column_types import Column, Kind, kind_of, read
from spaceship.task.raw_frame import label_column
from spaceship.task.task import HUGE, Task
from spaceship.text import first_few

_LAST = (Kind.BOOLEAN, Kind.NUMBER, Kind.TIME)
"""Types that are checked after texts and categories, in this order."""


@dataclass(frozen=True)
class BrokenRule:
    """A rule of one column with the raw values that break it, indexed as the frame is."""

    column: str
    rule: str
    found: pd.Series


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


def _rank(kind: Kind) -> int:
    return _LAST.index(kind) + 1 if kind in _LAST else 0


def _broken(raw: pd.Series, column: Column, task: Task) -> Iterator[BrokenRule]:
    """Yield the rules that the values of one raw column break."""
    name, is_label = str(raw.name), raw.name == task.label
    values, unreadable = read(raw, column)
    most = HUGE if is_label else np.finfo(np.float64).max
    infinite = values.abs() > most if values.dtype == np.float64 else unreadable & False
    finite = f"a number within ±{HUGE:g}" if is_label else "a finite number"
    optional = column.type.kind is Kind.BOOLEAN and not is_label
    kind = f"{kind_of(column).replace(' or ', ', ')} or nothing" if optional else kind_of(column)
    marks = {kind: unreadable, finite: infinite}
    yield from (BrokenRule(name, rule, raw[m]) for rule, m in marks.items() if m.any())
    required = f"{kind_of(column) or 'a value'}" if is_label else "an id" if name == task.id else ""
    rules = pa.Column(checks=[*_checks(name, column, task)], nullable=not required, title=required)
    usable = values[~(unreadable | infinite)]
    for rule, rows in _failures(usable.to_frame(name), rules.set_name(name)):
        yield BrokenRule(name, rule, raw.loc[rows])


def _checks(name: str, column: Column, task: Task) -> Iterator[pa.Check]:
    """Yield the rules of a column's values; the error of each is the rule in words."""
    if column.min is not None or column.max is not None:
        yield _range(column)
    if column.pattern is not None:
        form = column.unit or f"the pattern {column.pattern}"
        yield pa.Check.str_matches(f"(?:{column.pattern})\\Z", error=form)
    if column.levels is not None and column.type.kind is Kind.CATEGORY:
        yield pa.Check.isin([*column.levels], error=f"one of {first_few(column.levels, 20)}")
    if name == task.id:
        yield pa.Check(lambda known: ~known.duplicated(keep=False), error="each id once")


def _range(column: Column) -> pa.Check:
    """Return the check of the least and the greatest value."""
    bounds = (column.min, column.max)
    least, most = (
        pd.Timestamp(one) if column.type.kind is Kind.TIME and one else one for one in bounds
    )
    unit = f" {column.unit}" if column.unit else ""
    if column.min is None:
        return pa.Check.le(most, error=f"at most {_shown(column.max)}{unit}")
    if column.max is None:
        return pa.Check.ge(least, error=f"{_shown(column.min)} or more{unit}")
    return pa.Check.in_range(
        least, most, error=f"{_shown(column.min)} to {_shown(column.max)}{unit}"
    )


def _shown(bound: float | str | None) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _failures(frame: pd.DataFrame, column: pa.Column) -> Iterator[tuple[str, pd.Index]]:
    """Yield the text of each rule that a typed column breaks, and the index of the rows."""
    try:
        column.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for rule, rows in errors.failure_cases.groupby("check", sort=False)["index"]:
            text = f"{column.title} in every row" if rule == "not_nullable" else str(rule)
            yield text, pd.Index(rows.sort_values(), name=frame.index.name)
