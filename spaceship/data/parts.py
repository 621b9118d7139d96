"""Parts of a file to predict: typed rows of a CSV or Parquet file of any length."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from spaceship.data._base import Table
from spaceship.data.broken_rules import ONCE, BrokenRule, UnmatchedPatterns
from spaceship.data.csv_form import CsvForm
from spaceship.data.faults import RawTable
from spaceship.data.hash_runs import Hashes, HashRuns
from spaceship.data.table_reader import table_parts
from spaceship.task.column_types import Kind
from spaceship.task.raw_frame import label_column
from spaceship.task.task import Task
from spaceship.task.truth import are_usual


def plain_columns(task: Task) -> dict[str, Kind]:
    """Return the columns of numbers and booleans in the form that every reader knows.

    >>> sorted({*plain_columns(task).values()})
    [<Kind.BOOLEAN: 'boolean'>, <Kind.NUMBER: 'number'>]
    """
    label = label_column(task)
    is_known = label.levels is not None or not task.is_classification
    known = {**task.raw, **({task.label: label} if is_known else {})}
    plain = {name: one for name, one in known.items() if not one.missing}
    return {
        name: column.type.kind
        for name, column in plain.items()
        if (column.type.kind is Kind.NUMBER and column.decimal == ".")
        or (column.type.kind is Kind.BOOLEAN and are_usual(column.levels))
    }


def read_parts(
    path: Path, task: Task, *, rows: int = 100_000, form: CsvForm | None = None
) -> Iterator[pd.DataFrame]:
    """Yield the typed rows of a file, so many at a time, numbered through from 0.

    The whole file is checked before the first part is yielded: DataError lists every fault, as
    `check` does. A file without rows has one part without rows. In memory there is a part.

    >>> people.test.to_csv(tmp_path / "new.csv", index=False)
    >>> parts = [*read_parts(tmp_path / "new.csv", task, rows=10)]
    >>> pd.concat(parts).equals(people.test), len(parts[0])
    (True, 10)
    """
    file = _File(path, form, task)
    task = file.checked_task()
    made = (file.raw.typed(part, task) for part in file.parts(plain_columns(task)))
    yield from _of_size(made, rows)


class _File:
    """Raw rows of a file, read as often as it takes."""

    def __init__(self, path: Path, form: CsvForm | None, task: Task) -> None:
        self.path, self.form, self.task = path, form, task
        first = next(table_parts(path, form))
        self.raw = RawTable(Table(first, str(path)), task, labelled=False)

    def parts(self, kinds: Mapping[str, Kind] | None = None) -> Iterator[pd.DataFrame]:
        start = 0
        for part in table_parts(self.path, self.form, kinds):
            yield self.raw.rows(part, start)
            start += len(part)

    def checked_task(self) -> Task:
        """Return the task with the decimal sign of the rows; raise DataError for their faults."""
        patterns, n_rows, whole = UnmatchedPatterns(self.task), 0, not self.raw.faults
        with HashRuns() as ids:
            for part in self.parts(plain_columns(self.task)):
                made = self.raw.typed_if_whole(part)
                whole &= made is not None
                patterns.add(part if made is None else made)
                n_rows += len(part)
                ids.add(self._hashes(part if made is None else made))
            again = ids.repeated()
        if whole and not (n_rows and patterns.faults()) and not len(again):
            return self.task
        repeated = self._rule(again) if len(again) else None
        return self.raw.checked_task(self.parts, repeated)

    def _hashes(self, rows: pd.DataFrame) -> Hashes:
        if self.task.id not in rows.columns:
            return np.empty(0, np.uint64)
        ids = rows[self.task.id].dropna().astype("str").str.strip()
        return pd.util.hash_array(ids.to_numpy(object), categorize=False)

    def _rule(self, again: Hashes) -> Callable[[pd.DataFrame], BrokenRule]:
        """Return what finds the rows of a part whose ids have one of some hashes."""

        def rule(rows: pd.DataFrame) -> BrokenRule:
            ids = rows[self.task.id]
            known = ids[ids.notna()]
            return BrokenRule(str(self.task.id), ONCE, known[np.isin(self._hashes(rows), again)])

        return rule


def _of_size(parts: Iterable[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """Yield the rows of parts, so many at a time, numbered through from 0."""
    held, n_held, start = list[pd.DataFrame](), 0, 0
    for part in parts:
        held, n_held = [*held, part], n_held + len(part)
        if n_held < rows:
            continue
        whole, n_full = pd.concat(held), n_held - n_held % rows
        for at in range(0, n_full, rows):
            numbers = pd.RangeIndex(start + at, start + at + rows)
            yield whole.iloc[at : at + rows].set_axis(numbers)
        held, n_held, start = [whole.iloc[n_full:]], n_held - n_full, start + n_full
    if n_held or not start:
        yield pd.concat(held).set_axis(pd.RangeIndex(start, start + n_held))
