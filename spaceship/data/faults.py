"""Faults of raw rows: every rule of a task that a table breaks, in one message."""

import logging
from collections.abc import Callable, Iterable
from functools import reduce

import pandas as pd

from spaceship.config.overrides import override
from spaceship.data._base import Table
from spaceship.data.broken_rules import (
    ONCE,
    UNREADABLE,
    BrokenRule,
    UnmatchedPatterns,
    broken_rules,
    keep_rules,
    ordered_columns,
)
from spaceship.data.column_names import named
from spaceship.data.csv_reader import LINE
from spaceship.data.decimal_sign import DecimalSign
from spaceship.errors import DataError
from spaceship.task.column_types import read
from spaceship.task.raw_frame import closest, header_faults, label_column, typed, typed_label
from spaceship.task.task import ROW, Task
from spaceship.task.typed_rows import TypedRows
from spaceship.text import counted, first_few, one_line, shell_line

log = logging.getLogger(__name__)

_WORD = 20  # characters
_SHOWN, _LINE = 10, "\n  "  # faults that a message lists, and what stands between them


class RawTable:
    """A raw table as its checks want it: rows under their numbers, in columns of the task.

    The table may come in parts. Columns of other names are dropped with a warning, the label too
    unless it is wanted.

    >>> raw = RawTable(Table(people.test.assign(size=1), "test.csv"), task, labelled=False)
    >>> "size" in raw.rows(people.test.assign(size=1))
    False
    """

    def __init__(self, first: Table, task: Task, *, labelled: bool) -> None:
        """Take the names of the columns from the first part."""
        self.task, self.place, self.labelled = task, first.place, labelled
        wanted = [*task.raw, task.label] if labelled else [*task.raw]
        self._names = named(Table(first.frame.head(0), first.place), wanted).columns
        self._kept = self._names.isin(wanted) & ~self._names.duplicated()
        self.faults = header_faults(self._names, wanted, task.label)
        if unknown := [name for name in self._names if name not in wanted]:
            hints = first_few(one_line(f"'{name}'{closest(name, wanted)}") for name in unknown)
            log.warning("%s: columns dropped, as no rule knows them: %s", self.place, hints)

    def rows(self, part: pd.DataFrame, start: int = 0) -> pd.DataFrame:
        """Return a part that starts after so many rows of the table.

        Rows without any value are left out where the task has an id or the rows a label, so that
        they cannot be data, and rows without a label where the task says so.
        """
        frame = part.set_axis(self._names, axis="columns").loc[:, self._kept]
        if frame.index.name not in {LINE, ROW}:
            numbers = pd.RangeIndex(start + 1, start + len(frame) + 1, name=ROW)
            frame = frame.set_axis(numbers)
        frame = _filled(frame, self.task, self.place)
        drop = self.labelled and self.task.unlabelled == "drop" and self.task.label in frame.columns
        return _with_label(frame, self.task, self.place) if drop else frame

    def typed(self, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
        """Return rows in the types of a task; raise DataError for values of other types."""
        made = typed(rows, task.raw)
        return made.assign(**{task.label: typed_label(rows, task)}) if self.labelled else made

    def typed_if_whole(self, rows: pd.DataFrame) -> pd.DataFrame | None:
        """Return rows in their types, None if a row breaks a rule."""
        again = self.task.id in rows.columns and (rows[self.task.id] == self.task.id).any()
        if self.faults or again:
            return None
        try:
            made = self.typed(rows, self.task)
        except DataError:
            return None
        columns = dict(ordered_columns(self.task))
        return made if keep_rules(TypedRows.of(made), columns, self.task) else None

    def checked_task(
        self,
        parts: Callable[[], Iterable[pd.DataFrame]],
        repeated: Callable[[pd.DataFrame], BrokenRule] | None = None,
    ) -> Task:
        """Return the task with the decimal sign of rows; raise DataError that lists their faults.

        A function yields the rows in parts, with texts as the file holds them; another one returns
        the rows of a part whose ids are in other parts too.
        """
        sign = DecimalSign(self.task)
        for part in parts():
            sign.add(part)
        task = sign.task(self.place)
        faults, n_rows, words = _faults(parts(), task, repeated)
        if not (faults := self.faults + faults):
            return task
        first = f"{self.place}: {counted(len(faults), 'fault')} in {counted(n_rows, 'row')}."
        last = "Mend or remove what is listed, then run again."
        if any(one.startswith(f"{task.label}:") and " in every row" in one for one in faults):
            last += " Rows without a label are left out by `unlabelled: drop` in the task's YAML."
        hints = [sign.hint if task is self.task else "", _hint(words)]
        last = " ".join(filter(None, [last, *hints]))
        raise DataError(f"{first}\n  {first_few(map(one_line, faults), _SHOWN, _LINE)}\n{last}")


def _filled(frame: pd.DataFrame, task: Task, place: str) -> pd.DataFrame:
    """Return the rows that hold a value; a spreadsheet writes empty ones below its table."""
    key = task.id if task.id in frame.columns else task.label  # which a row of the test file lacks
    if key not in frame.columns or not (unnamed := frame[key].isna()).any():
        return frame
    empty = unnamed[unnamed].index[frame[unnamed.to_numpy()].isna().all(axis=1)]
    if not len(empty):
        return frame
    log.info("%s: %s without any value left out", place, counted(len(empty), "row"))
    return frame.drop(index=empty)


def _with_label(frame: pd.DataFrame, task: Task, place: str) -> pd.DataFrame:
    """Return the rows whose label is not missing; one that cannot be read stays, a fault."""
    values, unreadable = read(frame[task.label], label_column(task))
    kept = values.notna().to_numpy() | unreadable
    if kept.all():
        return frame
    left = counted(int((~kept).sum()), "row")
    log.info("%s: %s without %s dropped, as the task says", place, left, task.label)
    return frame.loc[kept]


def _faults(
    parts: Iterable[pd.DataFrame], task: Task, repeated: Callable[[pd.DataFrame], BrokenRule] | None
) -> tuple[list[str], int, set[str]]:
    """Return a line for each rule that rows break, the number of rows, and words for no number."""
    patterns, headers, n_rows = UnmatchedPatterns(task), list[BrokenRule](), 0
    rules = dict[tuple[str, str], BrokenRule]()
    for frame in parts:
        n_rows += len(frame)
        rows = frame
        if task.id in frame.columns and (again := frame[task.id] == task.id).any():
            headers.append(BrokenRule("rows", "one header", frame[task.id][again]))
            rows = frame[~again]
        patterns.add(rows)
        found = [*broken_rules(rows, task)]
        if repeated is not None:
            found = [*(one for one in found if one.rule != ONCE), repeated(rows)]
        for rule in found:
            known = rules.get((rule.column, rule.rule))
            rules[rule.column, rule.rule] = rule if known is None else known + rule
    if not n_rows:
        return [f"rows: expected at least one {task.noun} below the header, found none"], 0, set()
    faults = patterns.faults()
    if headers:
        rule = reduce(BrokenRule.__add__, headers)
        faults.insert(0, f"rows: expected one header, found it again: {rule.shown}")
    for name, _ in ordered_columns(task):
        faults += [str(one) for one in rules.values() if one.column == name and one.total]
    strange = (one for one in rules.values() if one.rule in UNREADABLE and one.column != task.label)
    words = {str(word).strip() for one in strange for word in one.found.unique()}
    return faults, n_rows, words


def _hint(words: set[str]) -> str:
    """Return how to say that the only word among numbers and truths is a missing value's."""
    word = words.pop() if len(words) == 1 else ""
    is_number = any(map(str.isdigit, word)) and not word.startswith("#")  # as #DIV/0! does
    if not word or is_number or len(word) > _WORD or not word.isprintable():
        return ""
    setting = shell_line([override("++task.missing", [word])])
    return f"If {word!r} is a missing value, add: {setting}"
