"""Memory that a job needs for its tables, estimated before the work, and the memory there is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Self

from spaceship.errors import DataError, expected

BASE, TIMES = 0.35e9, 5.0
"""Bytes of libraries, and of all else as a multiple of the tables' bytes in memory: the least that
`mode=pp` and `mode=train` took at their peak on tables of numbers and of texts (benchmarks.md)."""
_ROOT, _OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_LIMITS = (  # of version 2 and of version 1: most, in use, and of that what can be given back
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_SPARE = 0.9  # of the memory that would do: a sample of that size fits for certain


@dataclass(frozen=True)
class TableSize:
    """Rows of the raw tables of a data source, and the bytes of each in memory.

    >>> TableSize(10_000_000, 200).needed / 1e9
    10.35
    """

    rows: float
    row_bytes: float

    @classmethod
    def both(cls, *sizes: "TableSize") -> Self:
        """Return the size of several tables.

        >>> TableSize.both(TableSize(10, 100), TableSize(30, 200))
        TableSize(rows=40, row_bytes=175.0)
        """
        rows = sum(one.rows for one in sizes)
        return cls(rows, sum(one.rows * one.row_bytes for one in sizes) / max(rows, 1))

    @property
    def needed(self) -> float:
        """The least bytes that a job needs which learns from the rows."""
        return BASE + TIMES * self.rows * self.row_bytes


def check_memory(size: TableSize, less: Callable[[float], str], available: float) -> None:
    """Raise DataError if tables need more memory than there is; `less` words a share of the rows.

    >>> check_memory(TableSize(10_000_000, 200), "data.sample={:g}".format, available=6e9)
    Traceback (most recent call last):
    spaceship.errors.DataError: expected at least 10.3 GB of free memory for 10,000,000 rows ...
    """
    if size.needed <= available:
        return
    share = _SPARE * max(available - BASE, 0) / (size.needed - BASE)
    step = 10.0 ** floor(log10(max(share, 1e-6)))
    share = max(floor(share / step), 1) * step
    wanted = f"at least {size.needed / 1e9:.1f} GB of free memory for {size.rows:,.0f} rows of "
    found = f"{max(available, 0) / 1e9:.1f} GB"
    do = f"work with fewer rows: {less(float(f'{share:.0e}'))}"
    raise DataError(expected(f"{wanted}{size.row_bytes:.0f} bytes", found, do))


def own_memory() -> float:
    """Return the bytes that this process has taken, which are part of what its job needs.

    >>> own_memory() > 0
    True
    """
    import psutil

    return float(psutil.Process().memory_info().rss)


def available_memory(root: Path = _ROOT, own: Path = _OWN) -> float:
    """Return the bytes that this process can still take: of the machine, and of its control groups.

    >>> available_memory() > 0
    True
    """
    import psutil

    limits = (_left(folder) for folder in _groups(root, own))
    return min([float(psutil.virtual_memory().available), *(one for one in limits if one)])


def _groups(root: Path, own: Path) -> Iterator[Path]:
    """Yield the folders of the control groups that this process is in, the outer ones too."""
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        lines = []
    for _, controllers, path in [["0", "", "/"], *lines]:
        for base in {root, root / controllers}:
            folder = base / path.lstrip("/")
            yield from (one for one in (folder, *folder.parents) if one.is_relative_to(root))


def _left(folder: Path) -> float | None:
    """Return the bytes that a control group may still take, None without a limit."""
    for most, used, spare in _LIMITS:
        try:
            numbers = [int((folder / name).read_text()) for name in (most, used)]
            lines = (folder / "memory.stat").read_text().splitlines()
            given_back = int(dict(line.split() for line in lines).get(spare, 0))
        except (OSError, ValueError):  # no such file, or `max`
            continue
        return max(numbers[0] - numbers[1] + given_back, 1.0)
    return None
