"""Metrics of predictions by kind of problem: their directions, their values, calibration error."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from spaceship.errors import ConfigError, expected
from spaceship.task.arrays import Floats, Mask, Target
from spaceship.task.label import Problem

THRESHOLD = 0.5
"""True is predicted above this probability, unless a model tuned a threshold of its own."""


class Direction(StrEnum):
    """Whether more or less of a metric is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


def direction(metric: str) -> Direction:
    """Return the direction of a metric, with or without `cv_` or `holdout_` before its name.

    Raise ConfigError if there is no such metric.

    >>> direction("cv_log_loss")
    <Direction.MINIMIZE: 'minimize'>
    """
    bare = metric.removeprefix("cv_").removeprefix("holdout_")
    if bare not in _DIRECTIONS:
        choices = f"one of the metrics {', '.join(sorted(_DIRECTIONS))} (as cv_… or holdout_…)"
        raise ConfigError(expected(choices, repr(metric), "choose one of them"))
    return _DIRECTIONS[bare]


def better(metric: str, a: float, b: float) -> bool:
    """Return whether `a` is strictly better than `b`; False if one of them is NaN.

    >>> better("cv_accuracy", 0.81, 0.8), better("cv_log_loss", 0.4, float("nan"))
    (True, False)
    """
    return a > b if direction(metric) == Direction.MAXIMIZE else a < b


def metric_title(metric: str) -> str:
    """Return a metric in words.

    >>> metric_title("log_loss"), metric_title("rmse")
    ('log loss', 'RMSE')
    """
    return _TITLES.get(metric, metric.replace("_", " "))


def metric_names(problem: Problem) -> list[str]:
    """Return the names of a problem's metrics; the gate works on the first.

    >>> metric_names(Problem.REGRESSION)
    ['rmse', 'mae', 'r2']
    """
    return [*_METRICS[problem]]


def score(
    target: npt.ArrayLike,
    values: npt.ArrayLike,
    threshold: float = THRESHOLD,
    problem: Problem = Problem.BINARY,
) -> dict[str, float]:
    """Return every metric of a problem, unrounded; all NaN if a predicted value is NaN.

    The values are probabilities of True `(n_rows,)`, probabilities of each class
    `(n_rows, n_classes)` with the number of a row's class as target, or predicted numbers
    `(n_rows,)`.

    >>> score([True, False], [0.9, 0.2])["accuracy"]
    1.0
    >>> score([1.0], [3.0], problem=Problem.REGRESSION)["mae"]
    2.0
    """
    truth = np.asarray(target, dtype=bool if problem == Problem.BINARY else None)
    found = np.asarray(values, dtype=float)
    metrics = _METRICS[Problem(problem)]
    if np.isnan(found).any():
        return dict.fromkeys(metrics, math.nan)
    return {name: float(metric(truth, found, threshold)) for name, metric in metrics.items()}


def row_losses(target: Target, values: Floats, problem: Problem) -> Floats:
    """Return the loss of each row: negative log-likelihoods of classes, squares of numbers.

    >>> row_losses(np.array([1.0, 2.0]), np.array([3.0, 4.0]), Problem.REGRESSION).tolist()
    [4.0, 4.0]
    """
    if problem is Problem.REGRESSION:
        return np.asarray((target - values) ** 2)
    certain = np.finfo(np.float64).eps
    return np.asarray(-np.log(of_truth(target, values, problem).clip(certain, 1 - certain)))


def of_truth(target: Target, values: Floats, problem: Problem) -> Floats:
    """Return the predicted probability of each row's true class.

    >>> of_truth(np.array([True, False]), np.array([0.75, 0.25]), Problem.BINARY).tolist()
    [0.75, 0.75]
    """
    if problem is Problem.MULTICLASS:
        return np.asarray(values[np.arange(len(target)), target])
    return np.where(target, values, 1 - values)


def decide(values: Floats, problem: Problem, threshold: float = THRESHOLD) -> Target:
    """Return the predicted labels of values: booleans, numbers of classes, or the values.

    >>> decide(np.array([0.4, 0.6]), Problem.BINARY).tolist()
    [False, True]
    """
    if problem is Problem.MULTICLASS:
        return np.asarray(values.argmax(axis=1))
    return values > threshold if problem is Problem.BINARY else values


def log_loss(labels: Mask, probabilities: Floats) -> float:
    """Return the mean negative log-likelihood, as scikit-learn's function of this name.

    A trial of a sweep calls it 20 times; scikit-learn's takes a millisecond to check arguments.
    Raise ValueError if a probability is below 0 or above 1.

    >>> log_loss(np.array([True]), np.array([1.0])) < 1e-15
    True
    """
    if probabilities.min() < 0 or probabilities.max() > 1:
        ends = f"{probabilities.min()} … {probabilities.max()}"
        raise ValueError(f"expected probabilities between 0 and 1, found {ends}")
    return float(row_losses(labels, probabilities, Problem.BINARY).mean())


def calibration_error(labels: Mask, probabilities: Floats, n_bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal width.

    The mean over bins, weighted by their rows, of |share of True - mean probability|: equation 3
    of Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015, with their 10 bins of the probability of True.

    >>> calibration_error(np.array([True, False]), np.array([0.75, 0.25]))
    0.25
    """
    bins = np.minimum((probabilities * n_bins).astype(np.intp), n_bins - 1)
    surplus = np.bincount(bins, weights=labels - probabilities, minlength=n_bins)
    return float(np.abs(surplus).sum() / len(labels))


def roc_auc(labels: Mask, probabilities: Floats) -> float:
    """Return the share of pairs of True and False that the probabilities order correctly.

    Equal probabilities count half. The pairs are counted in whole numbers, without the checks of
    arguments that take scikit-learn's function of this name most of its time. NaN without pairs.

    >>> roc_auc(np.array([True, False, False]), np.array([0.6, 0.6, 0.1]))
    0.75
    """
    order = np.argsort(probabilities)
    last = np.flatnonzero(np.diff(probabilities[order], append=np.inf))  # of equal ones
    rows, trues = last + 1, np.cumsum(labels[order])[last]
    own, falses = np.diff(trues, prepend=0), rows - trues
    ordered = int(own @ (2 * falses - np.diff(falses, prepend=0)))
    pairs = int(labels.sum()) * int((~labels).sum())
    return ordered / (2 * pairs) if pairs else math.nan


def _roc_auc_of_classes(truth: Target, chance: Floats, _: float) -> float:
    present = np.unique(truth)
    if len(present) < 2:  # noqa: PLR2004 - one class against others
        return math.nan
    return float(np.mean([roc_auc(truth == one, chance[:, one]) for one in present]))


def _log_loss_of_classes(truth: Target, chance: Floats, _: float) -> float:
    return float(row_losses(truth, chance, Problem.MULTICLASS).mean())


def _balanced_accuracy(truth: Target, chance: Floats, _: float) -> float:
    right = chance.argmax(axis=1) == truth
    return float(np.mean([right[truth == one].mean() for one in np.unique(truth)]))


def _r2(truth: Target, found: Floats, _: float) -> float:
    spread = float(((truth - truth.mean()) ** 2).sum()) if len(truth) else 0.0
    return 1 - float(((truth - found) ** 2).sum()) / spread if spread else math.nan


_METRICS: dict[Problem, dict[str, Callable[[Target, Floats, float], Any]]] = {
    Problem.BINARY: {
        "accuracy": lambda truth, chance, threshold: np.mean((chance > threshold) == truth),
        "roc_auc": lambda truth, chance, _: roc_auc(truth, chance),
        "log_loss": lambda truth, chance, _: log_loss(truth, chance),
        "brier": lambda truth, chance, _: np.mean((chance - truth) ** 2),
        "ece": lambda truth, chance, _: calibration_error(truth, chance),
    },
    Problem.MULTICLASS: {
        "accuracy": lambda truth, chance, _: np.mean(chance.argmax(axis=1) == truth),
        "balanced_accuracy": _balanced_accuracy,
        "roc_auc": _roc_auc_of_classes,  # mean over the classes present, each against the others
        "log_loss": _log_loss_of_classes,
        "ece": lambda truth, chance, _: calibration_error(
            chance.argmax(axis=1) == truth, chance.max(axis=1)
        ),
    },
    Problem.REGRESSION: {
        "rmse": lambda truth, found, _: math.sqrt(np.mean((truth - found) ** 2)),
        "mae": lambda truth, found, _: np.mean(np.abs(truth - found)),
        "r2": _r2,
    },
}
"""The metrics of each kind of problem: functions of target, values and threshold."""
_TITLES = {"roc_auc": "ROC AUC", "brier": "Brier score", "r2": "R²"}
_TITLES |= {one: one.upper() for one in ("ece", "rmse", "mae")}
_MORE_IS_BETTER = {"accuracy", "balanced_accuracy", "roc_auc", "r2"}
_DIRECTIONS = {
    name: Direction.MAXIMIZE if name in _MORE_IS_BETTER else Direction.MINIMIZE
    for metrics in _METRICS.values()
    for name in metrics
}
