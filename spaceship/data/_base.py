"""Data sets and their sources: raw tables, checked and typed frames, a key for their content."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from spaceship.data.csv_form import CsvForm
from spaceship.data.draw import Sample
from spaceship.data.memory import TableSize
from spaceship.task.task import Task

Key = str | dict[str, str]
"""Fingerprint of a source, or one of each of its tables by name."""


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from and rows to predict, checked and typed."""

    task: Task  # its classes are those of the rows
    train: pd.DataFrame  # with a label
    test: pd.DataFrame | None  # without one; None if there is nothing to predict
    sample: pd.DataFrame | None  # a submission in the expected form: id and label
    digest: str  # sha256 of the contents of train and test
    leaks: tuple[str, ...] = ()  # copies and other leaks, each in a line
    raw: Key = ""  # fingerprint of the source that they were read from
    drawn_from: int = 0  # rows of the labelled table that `data.sample` drew train from; 0: all

    @property
    def summary(self) -> str:
        """The numbers of rows, such as `learn from 300 customers, no test rows`."""
        # of a sample it may hold a part of the rows to predict, for the checks
        rows = "" if self.test is None else "all" if self.drawn_from else f"{len(self.test):,}"
        test = f"predict {rows}" if rows else "no test rows"
        drawn = f" (a sample of {self.drawn_from:,})" if self.drawn_from else ""
        return f"learn from {len(self.train):,} {self.task.nouns}{drawn}, {test}"


@dataclass(frozen=True)
class Table:
    """A raw table and the words that messages use for the place it came from."""

    frame: pd.DataFrame
    place: str
    text: Callable[[], pd.DataFrame] | None = None  # the same rows, their numbers as text
    drawn_from: int = 0  # rows of the table that these were drawn from; 0: all


@dataclass(frozen=True)
class Tables:
    """The raw tables of a data source."""

    train: Table
    test: Table | None = None
    sample: Table | None = None


class DataSource(ABC):
    """Source of a data set, chosen with `data=`; raises SpaceshipError if it cannot be used."""

    name: ClassVar[str]
    """The source's name on the command line; registered models carry it."""
    outside: ClassVar[bool] = False
    """Whether the fingerprint asks a database or the network."""
    form: CsvForm | None = None
    """What a person says of CSV files."""
    sample: Sample | None = None
    """The rows to draw (`data.sample`), all if None; `read` may leave it to `drawn`."""

    def check(self, task: Task | None) -> None:  # noqa: B027 - most need nothing from outside
        """Raise SpaceshipError if files or packages are missing, before anything is read.

        Without a task, as in `mode=init`, any table will do.
        """

    @abstractmethod
    def fingerprint(self, task: Task) -> Key:
        """Return a cheap hexadecimal key that changes whenever `read` returns other content.

        Where the tables are told apart, a key of each, so that a record names the one that changed.
        """

    @abstractmethod
    def read(self, task: Task) -> Tables:
        """Return the raw tables, unchecked."""

    def size(self, task: Task) -> TableSize | None:  # noqa: ARG002 - most tables are small
        """Return about how large the raw tables are, before they are read; None if not known."""
        return None

    def less(self, share: float) -> str:
        """Return the setting that gives a share of the labelled rows, for messages."""
        size = share * (1.0 if self.sample is None else self.sample.size)
        return f"data.sample={size:g}" if size < 1 else f"data.sample={round(size)}"

    def drawn(self, task: Task) -> Tables:
        """Return the raw tables, of the labelled rows those that `data.sample` draws."""
        tables = self.read(task)
        if self.sample is None or tables.train.drawn_from:
            return tables
        [frame], n_rows = self.sample.draw([tables.train.frame], task)
        return replace(tables, train=replace(tables.train, frame=frame, drawn_from=n_rows))

    def test_file(self, task: Task) -> Path | None:  # noqa: ARG002 - most have none
        """Return the file of the rows to predict, None if the data set holds them."""
        return None

    def rows(self, path: Path) -> pd.DataFrame:
        """Return the raw rows of a file to predict, which `inference.input` names."""
        from spaceship.data.table_reader import read_table

        return read_table(path, self.form)

    def parts(self, path: Path, task: Task, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the typed rows of a file to predict, so many at a time (`read_parts`)."""
        from spaceship.data.parts import read_parts

        return read_parts(path, task, rows=rows, form=self.form)
