"""Hashes of a table of any length, as sorted runs: those that come twice, in bounded memory."""

from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import Self

import numpy as np
import numpy.typing as npt

from spaceship.data.submission import writing

Hashes = npt.NDArray[np.uint64]
MOST_BYTES = 1 << 24  # in memory; more are in a file
_RANGES = 64  # of hashes, which are looked at one after the other
_BORDERS = (np.arange(_RANGES - 1, dtype=np.uint64) + 1) * np.uint64(2**64 // _RANGES)


class HashRuns:
    """Runs of hashes, one for each part of a table.

    >>> with HashRuns() as runs:
    ...     for numbers in ([3, 1], [2, 3]):
    ...         runs.add(np.array(numbers, np.uint64))
    ...     runs.repeated().tolist()
    [3]
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(MOST_BYTES)  # noqa: SIM115 - `__exit__` closes it
        self._starts: list[npt.NDArray[np.int64]] = []  # of each run's ranges, and its end

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._file.close()

    def add(self, hashes: Hashes) -> None:
        """Add the hashes of a part."""
        ordered, start = np.sort(hashes), self._file.tell() // 8
        inner = np.searchsorted(ordered, _BORDERS)
        self._starts.append(start + np.array([0, *inner, len(ordered)]))
        with writing(Path(gettempdir())):
            self._file.write(ordered.tobytes())

    def repeated(self) -> Hashes:
        """Return the hashes that come twice or more, in order, each once."""
        found = []
        for at in range(_RANGES):
            every = np.concatenate([self._read(*starts[at : at + 2]) for starts in self._starts])
            every.sort()
            found.append(np.unique(every[1:][every[1:] == every[:-1]]))
        self._file.seek(0, 2)
        return np.concatenate(found)

    def _read(self, start: int, end: int) -> Hashes:
        self._file.seek(8 * int(start))
        return np.frombuffer(self._file.read(8 * int(end - start)), np.uint64)
