"""Folds for cross-validation that keep groups whole: outer folds, and inner folds of a fit."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.split.dealing import deal
from spaceship.split.holdout import group_codes
from spaceship.task.arrays import Positions, Target
from spaceship.task.label import Problem
from spaceship.task.task import Task

Fold = tuple[Positions, Positions]
"""Row positions to train on, and row positions to test on."""
_MIN_FOLDS = 2
_BINS = 5  # quantiles of a number to predict, whose shares are even in all folds
_NO_INNER = (
    "choose settings without folds inside a fit: another model than blend, calibration=none, "
)
_NO_INNER += "threshold=0.5, model.iterations=fixed"


def group_folds(
    groups: pd.Series, y: npt.ArrayLike, task: Task, *, n_splits: int, seed: int
) -> list[Fold]:
    """Return folds that keep groups whole and the shares of labels even; the tests are a partition.

    Groups and what an estimator learns, as `task.group_names` and `task.target` return them, are
    `(n_rows,)`. The label of a regression counts by its quintile, so that no fold has all the large
    ones. Raise DataError if there are too few groups, too few rows of a binary label, or a fold
    cannot be trained on.

    >>> left = Task(problem="binary", label="left", positive="yes", columns={"plan": "category"})
    >>> names, y = pd.Series(["a", "a", "b", "b"]), [True, False, True, False]
    >>> [test.tolist() for _, test in group_folds(names, y, left, n_splits=2, seed=0)]
    [[2, 3], [0, 1]]
    """
    return _folds(groups, y, task, (n_splits, seed), "lower split.n_folds")


def inner_folds(
    groups: pd.Series, y: npt.ArrayLike, task: Task, *, n_splits: int, seed: int
) -> list[Fold]:
    """Return the folds of `group_folds` for choices inside a fit; errors name settings without.

    >>> left = Task(problem="binary", label="left", positive="yes", columns={"plan": "category"})
    >>> inner_folds(pd.Series(["a", "b"] * 2), [1, 1, 0, 0], left, n_splits=2, seed=0)[0][1]
    array([1, 3])
    """
    return _folds(groups, y, task, (n_splits, seed), _NO_INNER)


def _folds(
    groups: pd.Series, y: npt.ArrayLike, task: Task, draw: tuple[int, int], do: str
) -> list[Fold]:
    """Return as many folds as wanted, drawn with a seed; raise DataError if one cannot be used."""
    check_n_folds(n_splits := draw[0])
    codes, names = group_codes(groups, task)
    target = np.asarray(y, dtype=bool if task.problem is Problem.BINARY else None)
    _check_foldable(len(names), target, task, n_splits, do)
    dealt = deal(codes, _strata(target, task), *draw)
    folds = [
        (np.flatnonzero(dealt != one), np.flatnonzero(dealt == one)) for one in range(n_splits)
    ]
    if usable(folds, target, task):
        return folds
    wanted = f"{n_splits} folds that each hold rows{and_leave(task)}"
    found = f"{len(names)} {task.groups} that do not allow it"
    raise DataError(expected(wanted, found, f"give more data or {do}"))


def usable(folds: Sequence[Fold], y: Target, task: Task) -> bool:
    """Return whether each fold has rows to test and to train on, these of two classes or more.

    >>> sales = Task(problem="regression", label="sales", columns={"m2": "number"})
    >>> usable([(np.array([0]), np.array([1]))], np.array([0.5, 0.5]), sales)
    True
    """
    return all(
        len(train)
        and len(test)
        and not (task.is_classification and (y[train] == y[train][0]).all())
        for train, test in folds
    )


def and_leave(task: Task) -> str:
    """Return what a message adds on the classes that each fold must have.

    >>> and_leave(Task(problem="multiclass", label="kind", columns={"m2": "number"}))
    ' and leave two classes to train on'
    """
    kinds = {Problem.BINARY: " and leave both classes to train on", Problem.REGRESSION: ""}
    return kinds.get(task.problem, " and leave two classes to train on")


def _strata(y: Target, task: Task) -> Positions:
    """Return the number of the stratum of each row: its class, or the quantile of its number."""
    bins = y if task.is_classification else np.ceil(pd.Series(y).rank(pct=True) * _BINS)
    return pd.factorize(bins, sort=True)[0]


def _check_foldable(n_groups: int, y: Target, task: Task, n_splits: int, do: str) -> None:
    """Raise unless the rows can be split in so many folds with rows of each binary label."""
    by_contents = task.group is None and task.id is None  # equal rows are never torn apart
    named = f"{'different ' if by_contents else ''}{task.groups}"
    faults = [f"only {n_groups} {named}"] if n_groups < n_splits else []
    labels = ""
    if task.problem is Problem.BINARY:
        labels, (n_false, n_true) = " and rows of each label", np.bincount(y, minlength=2).tolist()
        if min(n_true, n_false) < n_splits:
            negative, positive = task.label_values or ("False", "True")
            found = f"only {n_true} rows labelled {positive} and {n_false} labelled {negative}"
            faults.append(found)
    if faults:
        wanted = f"at least {n_splits} {named}{labels} for {n_splits} folds"
        raise DataError(expected(wanted, " and ".join(faults), f"give more data or {do}"))


def check_n_folds(n_splits: int) -> None:
    """Raise ConfigError if there are fewer than two folds.

    >>> check_n_folds(2)
    """
    if n_splits < _MIN_FOLDS:
        wanted = f"the number of folds to be at least {_MIN_FOLDS}"
        raise ConfigError(expected(wanted, n_splits, "set split.n_folds=5"))
