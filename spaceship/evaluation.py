"""How good a pipeline is: metrics, cross-validation, repeats over seeds, scores by slice."""

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.report import DIRECTIONS, THRESHOLD
from spaceship.split import Fold, group_folds, travel_group

MISSING = "missing"
_ECE_BINS = 10


def score(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> dict[str, float]:
    """Return the five metrics of `report.DIRECTIONS`.

    Args:
        labels: True or False per row `(n_rows,)`.
        probabilities: Predicted probability of True `(n_rows,)`.

    Returns:
        The metrics, unrounded. All are NaN if a probability is NaN; `roc_auc` is NaN if only one
        class is present.

    """
    from sklearn.metrics import log_loss, roc_auc_score

    truth = np.asarray(labels, dtype=bool)
    chance = np.asarray(probabilities, dtype=float)
    if np.isnan(chance).any():
        return dict.fromkeys(DIRECTIONS, math.nan)
    one_class = truth.all() or not truth.any()
    return {
        "accuracy": float(np.mean((chance > THRESHOLD) == truth)),
        "roc_auc": math.nan if one_class else float(roc_auc_score(truth, chance)),
        "log_loss": float(log_loss(truth, chance, labels=[False, True])),
        "brier": float(np.mean((chance - truth) ** 2)),
        "ece": calibration_error(truth, chance),
    }


def calibration_error(
    labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.float64], n_bins: int = _ECE_BINS
) -> float:
    """Return the expected calibration error over bins of equal width.

    The mean over bins, weighted by their rows, of |share of True - mean probability|: equation 3
    of Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015, with their 10 bins of the probability of True.
    """
    bins = np.minimum((probabilities * n_bins).astype(np.intp), n_bins - 1)
    surplus = np.bincount(bins, weights=labels - probabilities, minlength=n_bins)
    return float(np.abs(surplus).sum() / len(labels))


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What cross-validation measured.

    Attributes:
        probabilities: Out-of-fold probability of True `(n_rows,)`; NaN in rows of no fold.
        folds: The five metrics, `fit_seconds` and `predict_rows_per_second` of each fold.

    """

    probabilities: npt.NDArray[np.float64]
    folds: list[dict[str, float]]

    @property
    def fit_seconds(self) -> float:
        """The median over folds of the seconds a fit took."""
        return median(fold["fit_seconds"] for fold in self.folds)

    @property
    def predict_rows_per_second(self) -> float:
        """The median over folds of the rows predicted a second."""
        return median(fold["predict_rows_per_second"] for fold in self.folds)


@dataclass(frozen=True, eq=False)
class PreparedFold:
    """A fold's rows after every step but the estimator, fitted on its training rows only.

    Attributes:
        learn: What the estimator is fitted on.
        ask: What it predicts.
        fit_seconds: What it took to fit the steps and transform the training rows.
        transform_seconds: What it took to transform the others.

    """

    learn: Any
    ask: Any
    fit_seconds: float
    transform_seconds: float


def cross_validate(  # noqa: PLR0913, PLR0917 - the last two are for sweeps
    pipeline: Any,
    frame: pd.DataFrame,
    labels: npt.ArrayLike,
    folds: Sequence[Fold],
    on_fold: Callable[[list[dict[str, float]]], None] | None = None,
    prepared: MutableMapping[int, PreparedFold] | None = None,
) -> CrossValidation:
    """Fit a clone of the pipeline on each fold's training rows and score it on the others.

    Args:
        pipeline: A scikit-learn classifier that takes raw columns; it is not fitted itself.
        frame: Raw columns `(n_rows, n_columns)`.
        labels: True or False per row `(n_rows,)`.
        folds: Pairs of training and test positions, from `split.group_folds`.
        on_fold: Called after each fold with the metrics of the folds so far; what it raises ends
            the cross-validation.
        prepared: Folds by number that the same steps before the estimator prepared of the same
            rows; those that are missing are added. It saves a sweep from doing it every trial.

    Returns:
        Out-of-fold probabilities and the metrics of each fold.

    """
    ready = {} if prepared is None else prepared
    truth = np.asarray(labels, dtype=bool)
    probabilities = np.full(len(frame), np.nan)
    scores = []
    for step, (train, test) in enumerate(folds):
        if step not in ready:
            ready[step] = _prepare(pipeline[:-1], frame, truth, (train, test))
        chance, timing = _fit_and_predict(pipeline[-1], ready[step], truth[train])
        if prepared is None:
            del ready[step]
        probabilities[test] = chance
        scores.append(score(truth[test], chance) | timing)
        if on_fold is not None:
            on_fold(scores)
    return CrossValidation(probabilities, scores)


def repeat(
    pipeline: Any,
    frame: pd.DataFrame,
    labels: npt.ArrayLike,
    *,
    n_splits: int,
    seeds: Sequence[int],
) -> dict[str, dict[str, float]]:
    """Cross-validate once for each seed of the folds.

    Returns:
        Seed (as text, as JSON has it) to the metrics' means over that seed's folds.

    """
    means = {}
    for seed in seeds:
        folds = group_folds(frame["PassengerId"], labels, n_splits=n_splits, seed=seed)
        scores = cross_validate(pipeline, frame, labels, folds).folds
        means[str(seed)] = {metric: fmean(fold[metric] for fold in scores) for metric in DIRECTIONS}
    return means


def positive_probability(pipeline: Any, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return a fitted classifier's probability of True for each row `(n_rows,)`."""
    table = np.asarray(pipeline.predict_proba(frame), dtype=float)
    if table.shape != (len(frame), 2):
        msg = f"Expected two columns of probabilities, False and True, got shape {table.shape}."
        raise ValueError(msg)
    # Classes are sorted, whatever a library calls them: False < True, 0 < 1, "False" < "True".
    return table[:, 1]


def summarise(folds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each metric over folds, and its spread (population standard deviation).

    Returns:
        `cv_accuracy`, `cv_accuracy_std`, …; a metric that is NaN in one fold is NaN here.

    """
    summary = {}
    for metric in DIRECTIONS:
        values = [fold[metric] for fold in folds]
        known = not any(math.isnan(value) for value in values)
        summary[f"cv_{metric}"] = fmean(values)
        summary[f"cv_{metric}_std"] = pstdev(values) if known else math.nan
    return summary


def score_slices(
    frame: pd.DataFrame, labels: npt.ArrayLike, probabilities: npt.ArrayLike
) -> list[dict[str, Any]]:
    """Score the passengers of each planet, deck and sleep, alone or in a group.

    Args:
        frame: Typed columns `(n_rows, n_columns)`.
        labels: True or False per row `(n_rows,)`.
        probabilities: Predicted probability of True `(n_rows,)`.

    Returns:
        A dict of slice, value (`missing` where it is unknown), n, accuracy and log_loss for each
        value that occurs, in a fixed order.

    """
    truth, chance = np.asarray(labels, dtype=bool), np.asarray(probabilities, dtype=float)
    rows = []
    for name, values in _slices(frame).items():
        for value in sorted(values.unique()):
            inside = (values == value).to_numpy(dtype=bool)
            scores = score(truth[inside], chance[inside])
            kept = {metric: scores[metric] for metric in ("accuracy", "log_loss")}
            rows.append({"slice": name, "value": value, "n": int(inside.sum()), **kept})
    return rows


def _prepare(
    steps: Any, frame: pd.DataFrame, truth: npt.NDArray[np.bool_], fold: Fold
) -> PreparedFold:
    """Return a fold's rows after the steps before the estimator, and how long that took."""
    from sklearn.base import clone

    train, test = fold
    fresh, start = clone(steps), perf_counter()
    learn = fresh.fit_transform(frame.iloc[train], truth[train])
    fitted = perf_counter()
    ask = fresh.transform(frame.iloc[test])
    return PreparedFold(learn, ask, fitted - start, perf_counter() - fitted)


def _fit_and_predict(
    estimator: Any, prepared: PreparedFold, truth: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], dict[str, float]]:
    """Return a fold's probabilities and how long they took to come by, preparation included."""
    from sklearn.base import clone

    fresh, start = clone(estimator), perf_counter()
    fresh.fit(prepared.learn, truth)
    fitted = perf_counter()
    chance = positive_probability(fresh, prepared.ask)
    seconds = perf_counter() - fitted + prepared.transform_seconds
    rate = len(chance) / max(seconds, 1e-9)
    fit_seconds = fitted - start + prepared.fit_seconds
    return chance, {"fit_seconds": fit_seconds, "predict_rows_per_second": rate}


def _slices(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the value of each passenger in each slice, as text."""
    group = travel_group(frame["PassengerId"])
    alone = group.map(group.value_counts()) == 1
    values = {
        "HomePlanet": frame["HomePlanet"],
        "deck": frame["Cabin"].str[:1],
        "CryoSleep": frame["CryoSleep"].map({True: "True", False: "False"}),
        "party": alone.map({True: "solo", False: "group"}),
    }
    return {name: column.astype("str").fillna(MISSING) for name, column in values.items()}
