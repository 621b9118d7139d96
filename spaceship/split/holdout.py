"""Hold-out by hash: a group is held out for ever, however much data arrives."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.arrays import Mask, Positions
from spaceship.task.task import Task

_HASH_BYTES = 8
_FEWEST = 2  # groups: one for each side


def holdout_mask(groups: pd.Series, task: Task, *, fraction: float, salt: str) -> tuple[Mask, bool]:
    """Return the rows whose group is held out, and whether the groups were taken by rank.

    The side of a group depends on its name and the salt only. A larger fraction holds out the same
    groups and more; another salt draws another hold-out. Where groups are few, the hash may hold
    out less than half of the fraction of rows, or more than twice as much: then the groups are
    taken by rank, those of the lowest hashes first, each unless the share is closer to the fraction
    without it. Raise DataError if there is one group only, or a row without one.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> names = pd.Series(["a", "a", "b", "c", "d", "e"])
    >>> mask, by_rank = holdout_mask(names, shops, fraction=0.2, salt="salt")
    >>> names[mask].tolist(), by_rank
    (['c'], False)
    """
    check_fraction(fraction)
    codes, names = group_codes(groups, task)
    check_groups(len(names), task)
    hashes = np.array([_hash(f"{salt}\0{name}") for name in names], dtype=np.uint64)
    held = hashes < np.uint64(int(fraction * 2 ** (8 * _HASH_BYTES)))
    share = held[codes].mean()
    if fraction / 2 <= share <= fraction * 2 and not held.all():
        return held[codes], False
    return _lowest(hashes, np.bincount(codes), fraction)[codes], True


def _lowest(hashes: npt.NDArray[np.uint64], sizes: Positions, fraction: float) -> Mask:
    """Return the groups of the lowest hashes that hold the fraction of the rows, at least one."""
    wanted, rows = fraction * sizes.sum(), 0
    held = np.zeros(len(sizes), dtype=bool)
    for group in np.argsort(hashes)[:-1]:  # the last one stays in the training part
        if abs(rows + sizes[group] - wanted) < abs(rows - wanted):
            held[group] = True
            rows += sizes[group]
    if not held.any():
        held[np.lexsort([hashes, sizes])[0]] = True  # the smallest group
    return held


def check_fraction(fraction: float) -> None:
    """Raise ConfigError unless a share of rows can be held out.

    >>> check_fraction(0.2)
    """
    if not 0 < fraction < 1:
        wanted, do = "strictly between 0 and 1", "set split.holdout_fraction=0.2"
        raise ConfigError(expected(f"split.holdout_fraction to lie {wanted}", fraction, do))


def check_groups(n_groups: int, task: Task) -> None:
    """Raise DataError unless there is a group for the training part and one for the hold-out.

    >>> check_groups(2, Task(problem="regression", label="sales", columns={"m2": "number"}))
    """
    if n_groups < _FEWEST:
        wanted = f"{_FEWEST} or more {task.groups}, to have a training part and a hold-out"
        do = "give more data" if task.group is None else "give more data or change task.group"
        raise DataError(expected(wanted, n_groups, do))


def group_codes(groups: pd.Series, task: Task) -> tuple[Positions, list[str]]:
    """Return the number of the group of each row, and the name of each number.

    Raise DataError if a row has no group, which happens where its id is missing.

    >>> shops = Task(problem="regression", label="sales", columns={"m2": "number"})
    >>> codes, names = group_codes(pd.Series(["b", "a", "b"]), shops)
    >>> codes.tolist(), names
    ([0, 1, 0], ['b', 'a'])
    """
    codes, names = pd.factorize(groups)
    if lost := int((codes < 0).sum()):
        do = f"mend the file: a {task.noun} without it belongs to no group"
        raise DataError(expected(f"{task.id_name} in every row", f"{lost} missing", do))
    return codes, [str(name) for name in names]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_HASH_BYTES).digest(), "big")
