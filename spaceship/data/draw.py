"""Draw of whole groups from a table in parts, by a hash of their names, for `data.sample`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data.csv_reader import LINE
from spaceship.task.column_types import read
from spaceship.task.raw_frame import near_names
from spaceship.task.task import ROW, Task

_Hashes = npt.NDArray[np.uint64]
_HIGHEST = 2**64 - 1
_PURPOSE = b"data.sample"
"""Part of every hash: the draw does not depend on which groups are held out, whatever the salt."""


@dataclass(frozen=True)
class Sample:
    """Share or number of the labelled rows that a job works with.

    The groups of the lowest hashes are drawn, whole, one at least: the same rows on every machine
    and from every format, in any order of the table, and a larger sample holds each smaller one.

    >>> [[few], [more]] = (Sample(size).draw([people.train], task)[0] for size in (50, 0.5))
    >>> 50 <= len(few) < 60 and {*few.index} < {*more.index}
    True
    """

    size: float  # a share if below 1, else a number of rows, with all rows of the last group

    def rows_of(self, n_rows: float) -> float:
        """Return about how many rows are drawn from so many.

        >>> Sample(0.1).rows_of(500), Sample(100).rows_of(50)
        (50.0, 50)
        """
        return self.size * n_rows if self.size < 1 else min(self.size, n_rows)

    def draw(self, parts: Iterable[pd.DataFrame], task: Task) -> tuple[list[pd.DataFrame], int]:
        """Return the drawn rows of raw parts, and the number of all rows; memory is the sample's.

        Rows whose group is missing are kept: they are a fault that the checks name. Without the
        columns that name a group the first part is returned, for the same reason.
        """
        kept = _Kept(_HIGHEST if self.size >= 1 else int(self.size * _HIGHEST))
        for part in parts:
            hashes = _hashes(part, task)
            if hashes is None:
                return [part], len(part)
            kept.add(_numbered(part, kept.seen), hashes)
            if 1 <= 2 * self.size < kept.rows:
                kept.cut(int(self.size))
        if 1 <= self.size < kept.rows:
            kept.cut(int(self.size))
        kept.lower(max(kept.limit, kept.lowest))
        return kept.parts, kept.seen


@dataclass
class _Kept:
    """Rows that may belong to a sample, by part, and the hash of each one's group."""

    limit: int  # highest hash of a drawn group
    lowest: int = _HIGHEST  # hash so far, of a group that is drawn in any case
    parts: list[pd.DataFrame] = field(default_factory=list)
    hashes: list[_Hashes] = field(default_factory=list)
    seen: int = 0  # rows of the table so far

    @property
    def rows(self) -> int:
        return sum(map(len, self.parts))

    def add(self, part: pd.DataFrame, hashes: _Hashes) -> None:
        self.seen += len(part)
        self.lowest = min(self.lowest, int(hashes.min(initial=_HIGHEST)))
        drawn = hashes <= np.uint64(max(self.limit, self.lowest))
        self.parts.append(part[drawn])
        self.hashes.append(hashes[drawn])

    def cut(self, n_rows: int) -> None:
        """Lower the limit to the group with which so many rows are reached."""
        ordered = np.sort(np.concatenate(self.hashes))
        self.lower(int(ordered[n_rows - 1]))

    def lower(self, limit: int) -> None:
        """Lower the limit, and leave out the groups above it."""
        self.limit = limit
        masks = [one <= np.uint64(self.limit) for one in self.hashes]
        self.parts = [part[mask] for part, mask in zip(self.parts, masks, strict=True)]
        self.hashes = [one[mask] for one, mask in zip(self.hashes, masks, strict=True)]


def _numbered(part: pd.DataFrame, start: int) -> pd.DataFrame:
    """Return a part whose rows keep their numbers in the table, for messages."""
    if part.index.name in {LINE, ROW}:
        return part
    return part.set_axis(pd.RangeIndex(start + 1, start + len(part) + 1, name=ROW))


def _hashes(part: pd.DataFrame, task: Task) -> _Hashes | None:
    """Return a hash of the group of each row, 0 of an unknown one; None without its columns."""
    names = [str(name).strip() for name in part.columns]
    near = near_names(names, [*task.raw, task.label])
    rows = part.set_axis([near.get(name, name) for name in names], axis="columns")
    own = {task.id, None if task.group is None else task.group.of} - {None} or {*task.raw}
    if any([*rows.columns].count(name) != 1 for name in own):
        return None
    typed = {name: read(rows[name], task.raw[str(name)])[0] for name in task.raw if name in own}
    groups = task.group_names(pd.DataFrame(typed, rows.index))
    codes, uniques = pd.factorize(groups)
    known = np.fromiter(_of_names(uniques), np.uint64, len(uniques))
    return np.append(known, np.uint64(0))[codes]  # code -1: the last one


def _of_names(names: Iterable[object]) -> Iterator[int]:
    for name in names:
        digest = blake2b(str(name).encode(), digest_size=8, person=_PURPOSE).digest()
        yield int.from_bytes(digest, "big")
