"""Number of boosting rounds: its losses on inner folds, whatever the library.

Inner folds keep groups whole, and no row that is scored has a part in the choice.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import log_loss

from spaceship.errors import ConfigError, DataError
from spaceship.evaluation.metrics import score
from spaceship.split.folds import Fold, inner_folds
from spaceship.task.arrays import Estimator, Target
from spaceship.task.label import Problem
from spaceship.task.task import Task

_ROUNDS = ("n_estimators", "iterations", "max_iter")  # names that libraries give to it
_BOOSTERS = ("staged_predict", "get_booster", "booster_")
"""Attributes of boosters alone: of scikit-learn and CatBoost, XGBoost, LightGBM."""
_STEPS = 40  # numbers of rounds that are compared
_MOST = 2.0  # the largest of them, as a multiple of the configured number
_PATIENCE = 0.1  # share of the largest: so many rounds without a lower loss end a lone fold's fit

Split = tuple[pd.DataFrame, Target, pd.DataFrame, Target]
"""Prepared columns and labels of rows to fit, then of rows to score."""


class Iterations(StrEnum):
    """Number of boosting rounds: the configured one, or one chosen by all inner folds or by one."""

    FIXED = "fixed"
    INNER_CV = "inner_cv"
    INNER_FOLD = "inner_fold"

    def n_used(self, n_folds: int) -> int:
        """Return how many of the inner folds choose.

        >>> [one.n_used(5) for one in Iterations]
        [0, 5, 1]
        """
        return {Iterations.FIXED: 0, Iterations.INNER_FOLD: 1}.get(self, n_folds)


def folds_for_rounds(
    X: pd.DataFrame, target: Target, task: Task, n_used: int, draw: tuple[int, int]
) -> list[Fold]:
    """Return `n_used` of the inner folds, of a number and drawn with a seed, to choose rounds by.

    One fold is the default of some models, which fit a table too small for folds with the
    configured number: it has none. Several are asked for; raise DataError if they cannot be drawn.

    >>> labels = people.train.iloc[:, -1].to_numpy()
    >>> [len(folds_for_rounds(people.train, labels, task, n, (3, 0))) for n in (1, 3)]
    [1, 3]
    """
    try:
        groups, (n_splits, seed) = task.group_names(X), draw
        folds = inner_folds(groups, target, task, n_splits=n_splits, seed=seed)
    except DataError:
        if n_used > 1:
            raise
        return []
    return folds[:n_used]


def split(preparation: Estimator, X: pd.DataFrame, target: Target, fold: Fold) -> Split:
    """Return the prepared columns and the labels of a fold's two parts.

    >>> rows = people.train, people.train.iloc[:, -1].to_numpy()
    >>> [len(part) for part in split(pipeline[:-1], *rows, (np.arange(60), np.arange(60, 80)))]
    [60, 60, 20, 20]
    """
    train, test = fold
    columns = preparation.fit_transform(X.iloc[train], target[train])
    return columns, target[train], preparation.transform(X.iloc[test]), target[test]


def loss_by_rounds(
    estimator: Estimator, splits: Iterable[Split], task: Task, *, alone: bool
) -> tuple[str, dict[int, float]]:
    """Return the parameter that holds the number of rounds, and the mean loss by their number.

    Each split is fitted with twice the configured rounds. With `alone` (one split), a library that
    can stops once more rounds do not help, and only rounds up to its best are compared. Raise
    ConfigError for no booster, or one that its own settings stop early.

    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> rows = people.train, people.train.iloc[:, -1].to_numpy()
    >>> inner = split(pipeline[:-1], *rows, (np.arange(60), np.arange(60, 80)))
    >>> few = GradientBoostingClassifier(n_estimators=2)
    >>> key, losses = loss_by_rounds(few, [inner], task, alone=True)
    >>> key, list(losses)
    ('n_estimators', [1, 2, 3, 4])
    """
    key, configured = _rounds(estimator)
    most = int(_MOST * configured)
    grid = np.unique(np.linspace(1, most, min(_STEPS, most)).astype(int)).tolist()
    losses, numbers = [], []
    for one in splits:
        trial = clone(estimator).set_params(**{key: most})
        kept = _fit(trial, one, task, patience=math.ceil(_PATIENCE * most) if alone else None)
        numbers = [*(number for number in grid if number < kept), kept]
        staged = _staged(trial, one[2], numbers, task)
        losses.append([_loss(one[3], table, trial, task) for table in staged])
        if len(losses[-1]) < len(numbers):
            message = "expected every round to be fitted, found that the library stopped early"
            raise ConfigError(f"{message}; switch that off, or model.iterations=fixed")
    means = np.mean(losses, axis=0).tolist() if losses else []
    return key, dict(zip(numbers, means, strict=True))


def _fit(trial: Estimator, part: Split, task: Task, patience: int | None) -> int:
    """Fit on one part of a split, for a loss on the other; return how many rounds are kept."""
    columns, labels, others, truth = part
    known = np.isin(truth, labels) if task.is_classification else np.ones(len(truth), dtype=bool)
    if patience and known.any() and hasattr(trial, "fit_watched"):  # unknown classes have no loss
        return int(trial.fit_watched(columns, labels, (others[known], truth[known]), patience))
    trial.fit(columns, labels)
    return int(trial.get_params()[_rounds(trial)[0]])


def _rounds(estimator: Estimator) -> tuple[str, int]:
    """Return the parameter that holds a booster's number of rounds, and its value."""
    parameters = estimator.get_params(deep=False)
    boosts = any(hasattr(type(estimator), name) for name in _BOOSTERS)
    for name in _ROUNDS if boosts else ():
        if isinstance(parameters.get(name), int) and parameters[name] > 0:
            return name, parameters[name]
    message = f"expected model.iterations=fixed for {type(estimator).__name__}"
    raise ConfigError(
        f"{message}, found inner_cv or inner_fold: it has no boosting rounds to choose"
    )


def _staged(
    estimator: Estimator, X: pd.DataFrame, grid: Sequence[int], task: Task
) -> Iterator[np.ndarray]:
    """Yield the predictions after each number of rounds, whatever the library."""
    method = "predict_proba" if task.is_classification else "predict"
    call = getattr(estimator, method)
    if (staged := getattr(estimator, f"staged_{method}", None)) is not None:
        for number, table in enumerate(staged(X), start=1):
            if number in grid:
                yield np.asarray(table)
    elif hasattr(estimator, "get_booster"):  # XGBoost
        for number in grid:
            yield call(X, iteration_range=(0, number))
    else:
        for number in grid:
            yield call(X, num_iteration=number)


def _loss(target: np.ndarray, table: np.ndarray, estimator: Estimator, task: Task) -> float:
    """Return the log loss of probabilities, or the mean squared error of numbers."""
    if task.problem is Problem.BINARY:
        return float(log_loss(target, table[:, 1], labels=[False, True]))
    if not task.is_classification:
        return score(target, table, problem=task.problem)["rmse"] ** 2
    whole = np.zeros((len(target), len(task.classes)))
    whole[:, np.asarray(estimator.classes_, dtype=int)] = table
    return score(target, whole, problem=task.problem)["log_loss"]
