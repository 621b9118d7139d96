"""Resampled rows of other files as a data source: a table of any size, for trying things out."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import DataSource, Table, Tables
from spaceship.data.checks import checked
from spaceship.data.column_names import named
from spaceship.data.local import LocalData
from spaceship.data.memory import TableSize
from spaceship.data.new_names import NewNames
from spaceship.data.sklearn import TABLES, SklearnData
from spaceship.errors import ConfigError, expected
from spaceship.task.task import Task

log = logging.getLogger(__name__)

RESAMPLE_VERSION = 1
"""Raise it with any change that makes the same parameters give other rows."""
MOST_ROWS = 50_000_000
_Positions = npt.NDArray[np.int64]


class ResampledData(DataSource):
    """Rows drawn with replacement, whole groups at a time, from files or a packaged table.

    The first copy of a group keeps its name, each further one gets a new name, and so do ids. A
    copy may be held out while another is learnt from, so every score flatters: figures are for
    trying out. `dir`, `train` and `test` are those of `data=local`.

    >>> people.train.to_csv(tmp_path / "rows.csv", index=False)
    >>> source = ResampledData(n_rows=1000, seed=1, train=tmp_path / "rows.csv")
    >>> source.read(task).train.frame[task.id_name].is_unique
    True
    """

    name: ClassVar[str] = "resample"

    def __init__(
        self,
        n_rows: int,
        seed: int,
        dir: str | Path | None = None,  # noqa: A002 - the key users type
        train: str | Path | None = None,
        test: str | Path | None = None,
    ) -> None:
        """Keep the arguments once they are in range; nothing is read yet."""
        wanted = {"n_rows": (n_rows, 1, f"1 to {MOST_ROWS}"), "seed": (seed, 0, "0 or more")}
        faults = [
            expected(
                f"data.{key} to be a whole number, {words}", repr(value), f"try data.{key}=1000"
            )
            for key, (value, least, words) in wanted.items()
            if type(value) is not int or value < least or (key == "n_rows" and value > MOST_ROWS)
        ]
        if faults:
            raise ConfigError("\n".join(faults))
        self.n_rows, self.seed = n_rows, seed
        self._packaged = dir is None and train is None and test is None
        self._files = LocalData(dir, train, test)

    def check(self, task: Task | None) -> None:
        """Raise DataError if the files to draw from are not there."""
        if task is not None:
            self._source(task).check(task)

    def fingerprint(self, task: Task) -> str:
        """Return a hash of the source's fingerprint and of the arguments."""
        key = (self.name, RESAMPLE_VERSION, self.n_rows, self.seed)
        own = self._source(task).fingerprint(task)
        return hashlib.sha256(f"{key} {own}".encode()).hexdigest()

    def size(self, task: Task) -> TableSize | None:
        """Return the size of the drawn rows, None of a packaged table."""
        known = None if self._packaged else self._files.size(task, small=0)
        return None if known is None else replace(known, rows=max(self.n_rows, known.rows))

    def less(self, share: float) -> str:
        """Return the setting that draws fewer rows."""
        return f"data.n_rows={max(round(share * self.n_rows), 1)}"

    def read(self, task: Task) -> Tables:
        """Return the drawn rows; the test part keeps its share of them."""
        raw = self._source(task).read(task)
        data = checked(raw, task)
        log.warning(
            "data=resample draws %s for trying out: copies are learnt from and held out alike, so "
            "every score flatters",
            task.nouns,
        )
        train = self._drawn(raw.train, data.train, task, self.n_rows, 0)
        tables = [train]
        if raw.test is not None and data.test is not None:
            share = round(self.n_rows * len(data.test) / len(data.train))
            tables.append(self._drawn(raw.test, data.test, task, max(share, 1), 1))
        known = [data.train] if data.test is None else [data.train, data.test]
        names = NewNames(task, known)
        made = [Table(names.given(frame, copies), place) for frame, copies, place in tables]
        return Tables(*made)

    def _source(self, task: Task) -> DataSource:
        packaged = self._packaged and task.name in TABLES
        return SklearnData(task.name) if packaged else self._files

    def _drawn(
        self, raw: Table, typed: pd.DataFrame, task: Task, n_rows: int, part: int
    ) -> tuple[pd.DataFrame, _Positions, str]:
        """Return drawn rows, the number of the copy that each belongs to, and the place's name."""
        groups = pd.factorize(task.group_names(typed))[0]
        rng = np.random.default_rng([self.seed, part])
        positions, copies = _draw(groups, n_rows, rng)
        rows = named(raw, [*task.raw, task.label]).iloc[positions].reset_index(drop=True)
        return rows, copies, f"resampled {raw.place}"


def _draw(
    groups: npt.NDArray[np.int64], n_rows: int, rng: np.random.Generator
) -> tuple[_Positions, _Positions]:
    """Return positions of rows of whole groups, `n_rows` or a few more, and their copies' numbers.

    The groups `(n_rows_of_source,)` are numbers from 0; the copies of one are numbered from 0.
    """
    sizes, order = np.bincount(groups), np.argsort(groups, kind="stable")
    starts = np.cumsum(sizes) - sizes
    drawn = rng.integers(len(sizes), size=n_rows)  # enough: each group has a row
    drawn = drawn[: int(np.searchsorted(np.cumsum(sizes[drawn]), n_rows)) + 1]
    copy = pd.Series(drawn).groupby(drawn).cumcount().to_numpy()
    long = sizes[drawn]
    within = np.arange(long.sum()) - np.repeat(np.cumsum(long) - long, long)
    return order[np.repeat(starts[drawn], long) + within], np.repeat(copy, long)
