"""Folds for cross-validation that keep groups whole: outer folds, and inner folds of a fit."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.split.holdout import group_codes
from spaceship.task.spaceship_titanic.columns import GROUPS

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Row positions to train on, and row positions to test on."""
_MIN_FOLDS = 2


def group_folds(ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int) -> list[Fold]:
    """Return folds that keep groups whole and the share of labels even; the tests are a partition.

    Ids and labels (True or False) are `(n_rows,)`. Raise DataError if there are too few groups or
    too few rows of a label, or if a fold cannot be trained on.

    >>> ids, labels = pd.Series(["1_1", "1_2", "2_1", "2_2"]), [True, False, True, False]
    >>> [test.tolist() for _, test in group_folds(ids, labels, n_splits=2, seed=0)]
    [[2, 3], [0, 1]]
    """
    from sklearn.model_selection import StratifiedGroupKFold

    return _folds(StratifiedGroupKFold, ids, labels, n_splits=n_splits, seed=seed)


def inner_folds(ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int) -> list[Fold]:
    """Return folds of the rows that a model is fitted on, for choices of its own.

    As `group_folds`, but labels are not balanced, which takes a hundredth of the time.

    >>> inner_folds(pd.Series(["1_1", "2_1"] * 2), [1, 1, 0, 0], n_splits=2, seed=0)[0][1]
    array([1, 3])
    """
    from sklearn.model_selection import GroupKFold

    return _folds(GroupKFold, ids, labels, n_splits=n_splits, seed=seed)


def _folds(
    kind: object, ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int
) -> list[Fold]:
    """Return the folds of one of scikit-learn's splitters if each of them can be trained on."""
    codes, groups = group_codes(ids)
    truth = np.asarray(labels, dtype=bool)
    _check_foldable(len(groups), truth, n_splits)
    splitter = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    folds = [(train, test) for train, test in splitter.split(codes, truth, codes)]
    if any(len(test) == 0 or truth[train].all() or not truth[train].any() for train, test in folds):
        wanted = f"{n_splits} folds that each hold rows and leave both classes to train on"
        found = f"{len(groups)} {GROUPS} that do not allow it"
        raise DataError(expected(wanted, found, "lower the number of folds"))
    return folds


def _check_foldable(n_groups: int, truth: npt.NDArray[np.bool_], n_splits: int) -> None:
    """Raise unless the rows can be split in so many folds with rows of each label."""
    if n_splits < _MIN_FOLDS:
        wanted = f"the number of folds to be at least {_MIN_FOLDS}"
        raise ConfigError(expected(wanted, n_splits, "set split.n_folds=5"))
    n_true, n_false = int(truth.sum()), int((~truth).sum())
    faults = [f"only {n_groups} {GROUPS}"] if n_groups < n_splits else []
    if min(n_true, n_false) < n_splits:
        faults.append(f"only {n_true} rows labelled True and {n_false} labelled False")
    if faults:
        wanted = f"at least {n_splits} {GROUPS} and rows of each label for {n_splits} folds"
        do = "give more data or lower the number of folds"
        raise DataError(expected(wanted, " and ".join(faults), do))
