"""Hold-out and folds in time: the latest rows are held out, and every fold tests later rows.

A group's time is that of its last row, so that no group is on both sides of a moment.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.split.folds import Fold, and_leave, check_n_folds, usable
from spaceship.split.holdout import check_fraction, group_codes
from spaceship.task.arrays import Floats, Mask, Positions, Target
from spaceship.task.task import Task

Moments = Floats | npt.NDArray[np.datetime64]
"""Times of rows, (n_rows,), all of them there."""
_HASH = "split=hash"
_DAY = np.timedelta64(1, "D")


def time_order(frame: pd.DataFrame, task: Task) -> pd.Series:
    """Return the time of each row's group, that of its last row: numbers or moments.

    Raise ConfigError if the task has no time to split by, DataError if a row has none.

    >>> names = {"label": "sales", "group": "shop", "time": "year"}
    >>> sales = Task(problem="regression", columns={"year": "number"}, **names)
    >>> time_order(pd.DataFrame({"shop": ["a", "b", "a"], "year": [1.0, 2.0, 3.0]}), sales).tolist()
    [3.0, 2.0, 3.0]
    """
    times = row_times(frame, task)
    if task.group is None and task.id is None:
        return times  # equal rows have equal times
    codes, _ = group_codes(task.group_names(frame), task)
    return times.groupby(codes).transform("max")


def row_times(frame: pd.DataFrame, task: Task) -> pd.Series:
    """Return the time of each row; raise as `time_order` does.

    >>> sales = Task(problem="regression", label="sales", time="year", columns={"year": "number"})
    >>> row_times(pd.DataFrame({"year": [1999.0, 2026.0]}), sales).tolist()
    [1999.0, 2026.0]
    """
    if task.time is None:
        do = f"set ++task.time=COLUMN to a column of times, or set {_HASH}"
        raise ConfigError(expected("a column to split by in time", "task.time=null", do))
    times = frame[task.time]
    if lost := int((~np.isfinite(times.to_numpy())).sum()):
        do = f"fill in the times, leave these {task.nouns} out of the file, or set {_HASH}"
        found = f"{lost} without one"
        raise DataError(expected(f"a time in {task.time} of every {task.noun}", found, do))
    return times


def time_holdout(order: pd.Series, task: Task, *, fraction: float) -> Mask:
    """Return the latest rows, whose share is the one closest to a fraction; no moment is torn.

    Raise DataError if all groups have the same time.

    >>> sales = Task(problem="regression", label="sales", time="year", columns={"year": "number"})
    >>> time_holdout(pd.Series([1.0, 2.0, 3.0, 3.0]), sales, fraction=0.2).tolist()
    [False, False, True, True]
    """
    check_fraction(fraction)
    times, starts = _distinct(order)
    if len(times) < 2:  # noqa: PLR2004
        _refuse(len(times), 2, "a training part and a hold-out", task, f"set {_HASH}")
    held = len(order) - starts[1:]
    cut = times[1 + np.abs(held - fraction * len(order)).argmin()]
    return np.asarray(order.to_numpy() >= cut)


def time_folds(order: pd.Series, y: Target, task: Task, *, n_splits: int, gap: float) -> list[Fold]:
    """Return folds that go forward: a fold trains on all blocks of time before the one it tests.

    There is one block more than folds, of about as many rows each: the rows of the first block are
    in no test. Rows less than a gap (in days, or in the unit of a number) before the first row of
    the test are left out. Raise DataError if there are too few moments, or if a fold cannot be
    trained on.

    >>> sales = Task(problem="regression", label="sales", time="year", columns={"year": "number"})
    >>> order, y = pd.Series([3.0, 1.0, 2.0]), np.array([0.5, 0.1, 0.9])
    >>> [(a.tolist(), b.tolist()) for a, b in time_folds(order, y, sales, n_splits=2, gap=0)]
    [([1], [2]), ([1, 2], [0])]
    """
    check_n_folds(n_splits)
    times, starts = _distinct(order)
    if len(times) < n_splits + 1:
        what = f"{n_splits} folds that go forward in the training part"
        _refuse(len(times), n_splits + 1, what, task, f"lower split.n_folds, or set {_HASH}")
    moments = order.to_numpy()
    cuts = times[_blocks(starts, len(order), n_splits)]
    ends = [moments < cut for cut in cuts[1:]] + [np.ones(len(order), dtype=bool)]
    folds = [
        (np.flatnonzero(before(order, cut, gap)), np.flatnonzero((moments >= cut) & end))
        for cut, end in zip(cuts, ends, strict=True)
    ]
    if not usable(folds, y, task):
        wanted = f"{n_splits} folds that each train on rows{and_leave(task)}"
        do = f"lower split.n_folds or split.gap, or set {_HASH}"
        raise DataError(expected(wanted, f"one that does not, with a gap of {gap:g}", do))
    return folds


def before(order: pd.Series, cut: Any, gap: float) -> Mask:
    """Return True for the rows earlier than a moment by a gap or more.

    >>> before(pd.Series(pd.to_datetime(["2026-03-01", "2026-03-08"])), "2026-03-09", 7).tolist()
    [True, False]
    """
    moments = order.to_numpy()
    if order.dtype.kind == "M":
        moment = np.datetime64(cut, "us")
        ahead = (moment - moments) / _DAY
    else:
        moment, ahead = cut, cut - moments
    return np.asarray((moments < moment) & (ahead >= gap))


def _distinct(order: pd.Series) -> tuple[Moments, Positions]:
    """Return the moments, ascending, and the number of rows before each."""
    times, counts = np.unique(order.to_numpy(), return_counts=True)
    return times, np.cumsum(counts) - counts


def _blocks(starts: Positions, n_rows: int, n_splits: int) -> list[int]:
    """Return the position of the first moment of each block after the first one."""
    firsts, last = [], 0
    for number in range(1, n_splits + 1):
        even = int(np.abs(starts - n_rows * number / (n_splits + 1)).argmin())
        last = min(max(even, last + 1), len(starts) - (n_splits + 1 - number))
        firsts.append(last)
    return firsts


def _refuse(found: int, least: int, what: str, task: Task, do: str) -> None:
    of = "" if task.group is None else f", each {task.group_noun} by its last {task.noun}"
    wanted = f"{least} or more different times in {task.time} for {what}{of}"
    raise DataError(expected(wanted, found, do))
