"""Which passengers are held out, and which fold each of the others is scored in.

Both ways of splitting keep a travel group whole: its members share a cabin, a planet and often
their fate, so a group that straddles the border would let the model peek.
"""

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

_HASH_BYTES = 8
_MIN_FOLDS = 2


def travel_group(ids: pd.Series) -> pd.Series:
    """Return the travel group of each PassengerId: the text before `_`, index kept."""
    return ids.str.replace("_.*", "", regex=True)


def holdout_mask(ids: pd.Series, *, fraction: float, salt: str) -> npt.NDArray[np.bool_]:
    """Mark the passengers whose travel group is held out.

    The side of a group depends on its name and the salt only, so it is the same for ever, however
    much data arrives; a larger fraction holds out the same groups and more.

    Args:
        ids: PassengerIds `(n_rows,)`.
        fraction: Expected share of the groups held out, between 0 and 1.
        salt: Any text; another salt draws another hold-out.

    Returns:
        True for held-out rows `(n_rows,)`.

    Raises:
        ConfigError: The fraction is not between 0 and 1.
        DataError: One of the two parts would be empty, or a PassengerId is missing.

    """
    if not 0 < fraction < 1:
        msg = f"`split.holdout_fraction` must lie strictly between 0 and 1, got {fraction}."
        raise ConfigError(msg)
    codes, groups = _groups(ids)
    mask = _below(groups, fraction, salt)[codes]
    if mask.all() or not mask.any():
        empty = "training part" if len(mask) and mask.all() else "hold-out"
        msg = (
            f"Expected travel groups on both sides of the hold-out, but the {empty} is empty: "
            f"{len(groups)} travel groups, fraction {fraction}. "
            "Give more data, or change `split.holdout_fraction` or the salt."
        )
        raise DataError(msg)
    return mask


def group_folds(ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int) -> list[Fold]:
    """Split rows in folds that keep travel groups whole and the share of labels even.

    Args:
        ids: PassengerIds `(n_rows,)`.
        labels: True or False per row `(n_rows,)`.
        n_splits: Number of folds, at least 2.
        seed: Seed of the shuffle.

    Returns:
        One `(train, test)` pair of row positions a fold; the tests partition the rows.

    Raises:
        ConfigError: Fewer than 2 folds.
        DataError: Too few groups, too few rows of a class, or a fold that cannot be trained on.

    """
    from sklearn.model_selection import StratifiedGroupKFold

    return _folds(StratifiedGroupKFold, ids, labels, n_splits=n_splits, seed=seed)


def inner_folds(ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int) -> list[Fold]:
    """Split the rows a model is fitted on, for what it chooses by cross-validation of its own.

    Travel groups stay whole. Labels are not balanced, which takes a hundredth of the time.

    Args:
        ids: PassengerIds `(n_rows,)`.
        labels: True or False per row `(n_rows,)`.
        n_splits: Number of folds, at least 2.
        seed: Seed of the shuffle.

    Returns:
        One `(train, test)` pair of row positions a fold; the tests partition the rows.

    Raises:
        ConfigError: Fewer than 2 folds.
        DataError: Too few groups, too few rows of a class, or a fold that cannot be trained on.

    """
    from sklearn.model_selection import GroupKFold

    return _folds(GroupKFold, ids, labels, n_splits=n_splits, seed=seed)


def _folds(
    kind: Any, ids: pd.Series, labels: npt.ArrayLike, *, n_splits: int, seed: int
) -> list[Fold]:
    """Return the folds of one of scikit-learn's splitters if each of them can be trained on."""
    codes, groups = _groups(ids)
    truth = np.asarray(labels, dtype=bool)
    _check_foldable(len(groups), truth, n_splits)
    splitter = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    folds = [(train, test) for train, test in splitter.split(codes, truth, codes)]
    if any(len(test) == 0 or len(np.unique(truth[train])) < 2 for train, test in folds):  # noqa: PLR2004 - two classes
        msg = (
            f"Expected {n_splits} folds that each hold rows and leave both classes to train on, "
            f"but {len(groups)} travel groups do not allow it. Lower the number of folds."
        )
        raise DataError(msg)
    return folds


def _groups(ids: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return the number of the travel group of each row, and the name of each number."""
    codes, groups = pd.factorize(travel_group(ids))
    if (codes < 0).any():
        msg = (
            f"Expected a PassengerId in every row, found {(codes < 0).sum()} missing. "
            "Mend the file: a passenger without an id belongs to no travel group."
        )
        raise DataError(msg)
    return codes, [str(group) for group in groups]


def _below(groups: list[str], fraction: float, salt: str) -> npt.NDArray[np.bool_]:
    """Tell for each group whether its salted hash, spread over 0 to 1, is below the fraction."""
    salted = blake2b(f"{salt}\0".encode(), digest_size=_HASH_BYTES)
    limit = int(fraction * 2 ** (8 * _HASH_BYTES))
    below = np.empty(len(groups), dtype=bool)
    for position, group in enumerate(groups):
        digest = salted.copy()
        digest.update(group.encode())
        below[position] = int.from_bytes(digest.digest(), "big") < limit
    return below


def _check_foldable(n_groups: int, truth: npt.NDArray[np.bool_], n_splits: int) -> None:
    """Raise unless the rows can be split in so many stratified folds."""
    if n_splits < _MIN_FOLDS:
        msg = f"The number of folds must be at least {_MIN_FOLDS}, got {n_splits}."
        raise ConfigError(msg)
    n_true, n_false = int(truth.sum()), int((~truth).sum())
    faults = []
    if n_groups < n_splits:
        faults.append(f"only {n_groups} travel groups")
    if min(n_true, n_false) < n_splits:
        faults.append(f"only {n_true} rows labelled True and {n_false} labelled False")
    if faults:
        msg = (
            f"Expected at least {n_splits} travel groups and rows of each label for {n_splits} "
            f"folds, found {' and '.join(faults)}. Give more data or lower the number of folds."
        )
        raise DataError(msg)
