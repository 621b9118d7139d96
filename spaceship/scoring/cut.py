"""Rows of any length cut into parts: files of whole groups, so that each is scored by itself.

A table in which the rows of a group are not together is cut a second time, by a hash of the group.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from spaceship.data.hash_runs import Hashes, HashRuns
from spaceship.data.submission import writing
from spaceship.engine._base import Part
from spaceship.files import read_json, write_json
from spaceship.task.task import Task

MANIFEST = "parts.json"
"""File that is written when the last part is: the rows of each."""
_POSITION, _GROUP = "\0position", "\0group"  # columns of a part beside the raw ones
MOST_FILES = 200  # that are open at once


def cut(blocks: Iterable[pd.DataFrame], task: Task, folder: Path, size: int) -> list[Part]:
    """Write typed rows that come in blocks into parts of about `size` rows, and return these.

    There is at least one part; those that an earlier call has completed are kept.

    >>> parts = cut([people.test], task, tmp_path, size=50)
    >>> sum(part.rows for part in parts) == len(people.test), len(parts) > 2
    (True, True)
    """
    if not (folder / MANIFEST).exists():
        with HashRuns() as groups:
            made = _Cut(task, folder, groups)
            made.in_order(blocks, size)
            made.by_group(size)
        with writing(folder):
            write_json(folder / MANIFEST, {"rows": made.rows})
    rows = read_json(folder / MANIFEST)["rows"]
    every = [Part(at, _file(folder, at).as_uri(), n) for at, n in enumerate(rows)]
    return [part for part in every if part.rows] or every[:1]


def read_part(part: Part) -> pd.DataFrame:
    """Return the typed rows of a part; the index holds their positions in the whole table.

    >>> read_part(cut([people.test], task, tmp_path, size=50)[1]).index[0] >= 50
    True
    """
    frame: pd.DataFrame = _read(part.path).drop_columns([_GROUP]).to_pandas()
    return frame.set_index(_POSITION).rename_axis(None)


class _Cut:
    """Parts in the making, and a hash of each group in every part."""

    def __init__(self, task: Task, folder: Path, groups: HashRuns) -> None:
        self.task, self.folder, self.groups = task, folder, groups
        self.rows: list[int] = []

    def in_order(self, blocks: Iterable[pd.DataFrame], size: int) -> None:
        """Write the rows in their order, cut where a group ends."""
        left: pa.Table | None = None
        for table in self._tables(blocks):
            left = table if left is None else pa.concat_tables([left, table]).combine_chunks()
            while (end := _end(left, size)) is not None:
                self._write(left.slice(0, end))
                left = left.slice(end)
        if left is not None and (left.num_rows or not self.rows):
            self._write(left)

    def by_group(self, size: int) -> None:
        """Cut the parts again if a group is in two of them: each has the groups of some hashes."""
        if not len(self.groups.repeated()):
            return
        old = [_file(self.folder, at) for at in range(len(self.rows))]
        rows, self.rows = sum(self.rows), []
        with writing(self.folder):
            self._deal([one.rename(one.with_suffix(".0")) for one in old], rows, size)

    def _deal(self, old: Sequence[Path], n_rows: int, size: int, divisor: int = 1) -> None:
        """Write the rows of some files into parts by the hash of the group over a divisor.

        A part that is too large, as there are not enough files at once, is cut again.
        """
        n_files = min(-(-n_rows // size), MOST_FILES)
        paths = [self.folder / f"{divisor}-{at}.cut" for at in range(n_files)]
        schema, rows = _read(old[0]).schema, [0] * n_files
        with ExitStack() as stack:
            files = [stack.enter_context(pa.ipc.new_stream(path, schema)) for path in paths]
            for path in old:
                table = _read(path)
                path.unlink()
                hashes = table[_GROUP].to_numpy() // np.uint64(divisor)
                number = (hashes % np.uint64(n_files)).astype(np.int64)
                for at in np.unique(number):
                    own = table.take(np.flatnonzero(number == at))
                    files[at].write_table(own)
                    rows[at] += own.num_rows
        for path, count in zip(paths, rows, strict=True):
            if n_files == MOST_FILES and 2 * size < count < n_rows:
                self._deal([path], count, size, divisor * n_files)
            else:
                path.rename(_file(self.folder, len(self.rows)))
                self.rows.append(count)

    def _tables(self, blocks: Iterable[pd.DataFrame]) -> Iterator[pa.Table]:
        """Yield the blocks with position and group of each row."""
        start = 0
        for frame in blocks:
            positions = np.arange(start, start + len(frame))
            groups = self._groups(frame, positions)
            own = frame.assign(**{_POSITION: positions, _GROUP: groups})
            yield pa.Table.from_pandas(own, preserve_index=False)
            start += len(frame)

    def _groups(self, frame: pd.DataFrame, positions: npt.NDArray[np.int64]) -> Hashes:
        """Return a hash of each row's group."""
        if self.task.group is None:
            return positions.astype(np.uint64)
        names = self.task.group_names(frame).to_numpy(dtype=object)
        return pd.util.hash_array(names, categorize=False)

    def _write(self, table: pa.Table) -> None:
        path = _file(self.folder, len(self.rows))
        with writing(self.folder), pa.ipc.new_stream(path, table.schema) as file:
            file.write_table(table)
        self.rows.append(table.num_rows)
        self.groups.add(_each_once(table[_GROUP].to_numpy()))


def _each_once(hashes: Hashes) -> Hashes:
    """Return the hashes in order, each once; numpy's `unique` takes ten times as long."""
    ordered = np.sort(hashes)
    once: Hashes = ordered[np.diff(ordered, prepend=~ordered[:1]) != 0]
    return once


def _end(table: pa.Table, size: int) -> int | None:
    """Return the end of the first group that ends at `size` or after it, if it is there."""
    groups = table[_GROUP].to_numpy()[size - 1 :]
    borders = np.flatnonzero(groups[1:] != groups[:-1])
    return size + int(borders[0]) if len(borders) else None


def _file(folder: Path, number: int) -> Path:
    return folder / f"rows-{number:06d}.arrow"


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_stream(file).read_all()
