"""Rules of a task's columns applied to raw rows: each broken rule with the values that break it."""

import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from spaceship.task.arrays import Mask
from spaceship.task.column_types import (
    Column,
    ColumnType,
    Kind,
    kind_of,
    missing_values,
    read,
)
from spaceship.task.raw_frame import label_column
from spaceship.task.task import HUGE, Task
from spaceship.task.texts import Array, Arrow, as_column, codes_of
from spaceship.task.typed_rows import TypedRows, array_of
from spaceship.text import counted, first_few

ONCE = "each id once"
UNREADABLE = ("a number", "true, false or nothing")
"""Rules that a word breaks which may stand for a missing value."""
_KEPT = 6  # rows of a rule
_FIRST = 100  # rows whose patterns are tried before the others
_TEXT = Column(type=ColumnType.TEXT)
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
    more: int = 0  # rows that break it beside those found

    def __add__(self, other: "BrokenRule") -> "BrokenRule":
        """Return the rule with the rows of two parts of a table, of which few are kept."""
        found = pd.concat([self.found.head(_KEPT), other.found.head(_KEPT)]).head(_KEPT)
        return BrokenRule(self.column, self.rule, found, self.total + other.total - len(found))

    @property
    def total(self) -> int:
        """Number of rows that break the rule."""
        return len(self.found) + self.more

    @property
    def shown(self) -> str:
        """The first rows, each under its number: `line 3 'abc', line 9 '-1', …`."""
        shown = (
            f"{self.found.index.name} {row} {'(empty)' if pd.isna(value) else reprlib.repr(value)}"
            for row, value in zip(
                self.found.index[:_KEPT], self.found.head(_KEPT).tolist(), strict=True
            )
        )
        return first_few(shown, total=self.total)

    def __str__(self) -> str:
        """Return the sentence of a rule and the first rows that break it."""
        found = f"{counted(self.total, 'row')} otherwise: {self.shown}"
        return f"{self.column}: expected {self.rule}, found {found}"


class UnmatchedPatterns:
    """Patterns of groups and parts that match no value of raw rows, given in parts of a table.

    A column that is absent, or holds a single value or none, says nothing about its pattern.

    >>> plan = {"problem": "regression", "label": "fee", "columns": {"rooms": "number"}}
    >>> inns = Task.read({**plan, "group": {"of": "code", "pattern": "([0-9]+)-.*"}})
    >>> patterns = UnmatchedPatterns(inns)
    >>> patterns.add(pd.DataFrame({"code": ["A_1", "B_2"]}))
    >>> patterns.faults()
    ["task.group.pattern: expected a pattern that matches code, found no match of ..."]
    """

    def __init__(self, task: Task) -> None:
        """Keep the patterns of a task."""
        parts = {f"parts.{name}": (part.of, part.pattern, "") for name, part in task.parts.items()}
        group = {} if task.group is None else {"group": (task.group.of, task.group.pattern, r"\Z")}
        self._open = {**group, **parts}  # patterns that have not matched yet
        self._columns = {of: task.raw.get(of, _TEXT) for of, _, _ in self._open.values()}
        self._seen = {key: pd.Series(dtype="str") for key in self._open}  # up to two values

    def add(self, frame: pd.DataFrame) -> None:
        """Try the patterns that have not matched yet on further rows."""
        for key, (of, pattern, end) in [*self._open.items()]:
            if of not in frame.columns:
                continue
            whole = f"(?:{pattern}){end}"
            first = (one for one in frame[of].head(_FIRST) if isinstance(one, str))
            matched = any(map(re.compile(whole).match, first))
            if not matched:
                values = read(frame[of], self._columns[of])[0].dropna().astype("str")
                matched = bool(values.str.match(whole).any())
            if matched:
                del self._open[key]
            else:
                seen = pd.concat([self._seen[key], values.drop_duplicates().head(2)])
                self._seen[key] = seen.drop_duplicates().head(2)

    def faults(self) -> list[str]:
        """Return a line for each pattern that has matched nothing."""
        return [
            f"task.{key}.pattern: expected a pattern that matches {of}, found no match of "
            f"{pattern!r} in any row, such as {self._seen[key].iloc[0]!r}"
            for key, (of, pattern, _) in self._open.items()
            if len(self._seen[key]) > 1
        ]


def broken_rules(frame: pd.DataFrame, task: Task) -> Iterator[BrokenRule]:
    """Yield every rule that rows of a raw frame break: of texts, booleans, numbers, the label.

    The frame holds columns of the task, any of them absent, under a unique index.

    >>> size = {"type": "number", "min": 1, "max": 500, "unit": "square metres"}
    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"size": size}})
    >>> [broken] = broken_rules(pd.DataFrame({"size": ["7", "-2"]}), shops)
    >>> broken.rule, broken.found.to_dict()
    ('1 to 500 square metres', {1: '-2'})
    """
    for name, column in ordered_columns(task):
        yield from _broken(frame[name], column, task) if name in frame.columns else ()


def keep_rules(rows: TypedRows, columns: Mapping[str, Column], task: Task) -> bool:
    """Return whether typed rows break no rule of their columns; `broken_rules` says which.

    >>> size = {"type": "number", "min": 1, "max": 500}
    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"size": size}})
    >>> keep_rules(TypedRows({"size": np.array([7.0, -2.0])}), shops.raw, shops)
    False
    """
    return all(_keeps(name, values, columns[name], task) for name, values in rows.columns.items())


def _keeps(name: str, values: Array, column: Column, task: Task) -> bool:
    is_array = isinstance(values, np.ndarray)
    missing = np.isnan(values) if is_array else _mask(values.is_null())
    most = HUGE if name == task.label else np.finfo(np.float64).max
    is_huge = is_array and values.dtype == np.float64 and (np.abs(values) > most).any()
    if is_huge or (missing.any() and name in {task.id, task.label}):
        return False
    return all((one | missing).all() for _, one in _kept(name, values, column, task))


def ordered_columns(task: Task) -> list[tuple[str, Column]]:
    """Return the columns of a task in the order of messages, the label last.

    >>> ordered_columns(task)[-1][0] == task.label
    True
    """
    ordered = sorted(task.raw.items(), key=lambda item: _rank(item[1].type.kind))
    return [*ordered, (task.label, label_column(task))]


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
    missing = missing_values(values)
    marks = {kind: unreadable, finite: infinite}
    marks |= {f"{required} in every row": missing & ~unreadable} if required else {}
    known = ~(missing | unreadable | infinite)
    kept = _kept(name, array_of(values), column, task)
    found = [*marks.items(), *((rule, known & ~one) for rule, one in kept)]
    yield from (BrokenRule(name, rule, raw[m]) for rule, m in found if m.any())


def _kept(name: str, values: Array, column: Column, task: Task) -> Iterator[tuple[str, Mask]]:
    """Yield each rule of a column in words, and whether each of its known values keeps it."""
    if column.min is not None or column.max is not None:
        yield _range(values, column)
    if column.pattern is not None:
        form = column.unit or f"the pattern {column.pattern}"
        yield form, _matches(values, column.pattern)
    if column.levels is not None and column.type.kind is Kind.CATEGORY:
        known = pc.is_in(values, pa.array(column.levels, values.type))
        yield f"one of {first_few(column.levels, 20)}", _mask(known)
    if name == task.id:
        yield ONCE, _once(values)


def _once(values: Array) -> Mask:
    """Return whether each value is there once; where texts ascend, none need be looked up."""
    if not isinstance(values, np.ndarray):
        if len(values) == 1 or pc.all(pc.less(values[:-1], values[1:]), skip_nulls=False).as_py():
            return np.ones(len(values), bool)
        values = codes_of(values)
    return ~pd.Series(values).duplicated(keep=False).to_numpy()


def _matches(values: Array, pattern: str) -> Mask:
    """Return whether each text as a whole matches a pattern; False for a missing one."""
    try:
        found = pc.match_substring_regex(values, f"\\A(?:{pattern})\\z")
    except pa.ArrowInvalid:  # such as a look-ahead, which Python alone knows
        return as_column(values).str.match(f"(?:{pattern})\\Z").to_numpy(bool)
    return _mask(found.fill_null(False))


def _mask(truths: Arrow) -> Mask:
    return np.asarray(truths.to_numpy(zero_copy_only=False))


def _range(numbers: Array, column: Column) -> tuple[str, Mask]:
    """Return the rule of the least and the greatest value, and whether each value keeps it."""
    low, high = column.min, column.max
    bound: type = np.datetime64 if column.type.kind is Kind.TIME else float
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
