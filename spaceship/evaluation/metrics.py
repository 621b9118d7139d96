"""Metrics of predicted probabilities: their directions, their values, and the calibration error."""

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from spaceship.errors import ConfigError, expected

THRESHOLD = 0.5
"""True is predicted above this probability, unless a model tuned a threshold of its own."""


class Direction(StrEnum):
    """Whether more or less of a metric is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class Metric(StrEnum):
    """The metrics of a binary classifier; `ece` is the expected calibration error."""

    ACCURACY = "accuracy"
    ROC_AUC = "roc_auc"
    LOG_LOSS = "log_loss"
    BRIER = "brier"
    ECE = "ece"


def direction(metric: str) -> Direction:
    """Return the direction of a metric, with or without `cv_` or `holdout_` before its name.

    Raise ConfigError if there is no such metric.

    >>> direction("cv_log_loss")
    <Direction.MINIMIZE: 'minimize'>
    """
    bare = metric.removeprefix("cv_").removeprefix("holdout_")
    if bare not in {*Metric}:
        choices = f"one of the metrics {', '.join(sorted(Metric))} (also as cv_… or holdout_…)"
        raise ConfigError(expected(choices, repr(metric), "choose one of them"))
    return Direction.MAXIMIZE if bare in {"accuracy", "roc_auc"} else Direction.MINIMIZE


def better(metric: str, a: float, b: float) -> bool:
    """Return whether `a` is strictly better than `b`; False if one of them is NaN.

    >>> better("cv_accuracy", 0.81, 0.8), better("cv_log_loss", 0.4, float("nan"))
    (True, False)
    """
    return a > b if direction(metric) == Direction.MAXIMIZE else a < b


def score(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Return every `Metric` of labels and probabilities of True `(n_rows,)`, unrounded.

    All are NaN if a probability is NaN; `roc_auc` is NaN if only one class is present. Only
    `accuracy` depends on the threshold.

    >>> score([True, False], [0.75, 0.25])["brier"]
    0.0625
    """
    from sklearn.metrics import roc_auc_score

    truth = np.asarray(labels, dtype=bool)
    chance = np.asarray(probabilities, dtype=float)
    if np.isnan(chance).any():
        return {metric.value: math.nan for metric in Metric}
    one_class = truth.all() or not truth.any()
    return {
        "accuracy": float(np.mean((chance > threshold) == truth)),
        "roc_auc": math.nan if one_class else float(roc_auc_score(truth, chance)),
        "log_loss": log_loss(truth, chance),
        "brier": float(np.mean((chance - truth) ** 2)),
        "ece": calibration_error(truth, chance),
    }


def log_loss(labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.float64]) -> float:
    """Return the mean negative log-likelihood, as scikit-learn's function of this name.

    A trial of a sweep calls it 20 times; scikit-learn's takes a millisecond to check arguments.
    Raise ValueError if a probability is below 0 or above 1.

    >>> log_loss(np.array([True]), np.array([1.0])) < 1e-15
    True
    """
    if probabilities.min() < 0 or probabilities.max() > 1:
        ends = f"{probabilities.min()} … {probabilities.max()}"
        raise ValueError(f"expected probabilities between 0 and 1, found {ends}")
    certain = np.finfo(np.float64).eps
    of_truth = np.where(labels, probabilities, 1 - probabilities)
    return float(-np.log(of_truth.clip(certain, 1 - certain)).mean())


def calibration_error(
    labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.float64], n_bins: int = 10
) -> float:
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
