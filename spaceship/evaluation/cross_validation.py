"""Cross-validation of a pipeline: out-of-fold predictions and the scores of each fold."""

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import THRESHOLD, Metric, score
from spaceship.split.folds import Fold


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The result of a cross-validation.

    Attributes:
        probabilities: Out-of-fold probability of True `(n_rows,)`; NaN in rows of no fold.
        predictions: Out-of-fold label `(n_rows,)`; False in rows of no fold.
        folds: Every metric, `fit_seconds` and `predict_rows_per_second` of each fold.

    """

    probabilities: npt.NDArray[np.float64]
    predictions: npt.NDArray[np.bool_]
    folds: list[dict[str, float]]

    @property
    def fit_seconds(self) -> float:
        """The median duration of a fit."""
        return median(fold["fit_seconds"] for fold in self.folds)

    @property
    def predict_rows_per_second(self) -> float:
        """The median number of rows predicted per second."""
        return median(fold["predict_rows_per_second"] for fold in self.folds)


@dataclass(frozen=True, eq=False)
class PreparedFold:
    """A fold's rows after every step but the estimator, fitted on its training rows only."""

    train: Any  # the training rows, which the estimator is fitted on
    test: Any  # the rows to predict
    fit_seconds: float  # duration of fitting the steps and transforming the training rows
    transform_seconds: float  # duration of transforming the rows to predict


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
        on_fold: Called after each fold with the metrics of the folds so far; an error that it
            raises ends the cross-validation.
        prepared: Folds by number that the same steps before the estimator prepared of the same
            rows; missing ones are added, so that each trial of a sweep need not prepare them again.

    >>> halves = np.arange(100), np.arange(100, 200)
    >>> result = cross_validate(pipeline, people.train, people.train["Transported"], [halves])
    >>> len(result.folds)
    1

    """
    ready = {} if prepared is None else prepared
    steps, estimator = _split(pipeline)
    truth = np.asarray(labels, dtype=bool)
    probabilities, predictions = np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
    scores = []
    for step, (train, test) in enumerate(folds):
        if step not in ready:
            ready[step] = _prepare(steps, frame, truth, (train, test))
        chance, threshold, timing = _fit_and_predict(estimator, ready[step], truth[train])
        if prepared is None:
            del ready[step]
        probabilities[test], predictions[test] = chance, chance > threshold
        scores.append(score(truth[test], chance, threshold) | timing)
        if on_fold is not None:
            on_fold(scores)
    return CrossValidation(probabilities, predictions, scores)


def positive_probability(pipeline: Any, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return a fitted classifier's probability of True for each row `(n_rows,)`.

    >>> fitted = pipeline.fit(people.train, people.train["Transported"])
    >>> positive_probability(fitted, people.test).shape == (len(people.test),)
    True
    """
    table = np.asarray(pipeline.predict_proba(frame), dtype=float)
    if table.shape != (len(frame), 2):
        message = f"expected two columns of probabilities, False and True, found {table.shape}"
        raise ValueError(message)
    # Every library sorts its classes: False < True, 0 < 1, "False" < "True".
    return table[:, 1]


def decision_threshold(fitted: Any) -> float:
    """Return the probability above which a fitted classifier predicts True.

    >>> decision_threshold(pipeline)
    0.5
    """
    from sklearn.pipeline import Pipeline

    last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    return float(getattr(last, "threshold_", THRESHOLD))


def summarise(folds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each metric over folds, and its spread (population standard deviation).

    Returns:
        `cv_accuracy`, `cv_accuracy_std`, …; a metric that is NaN in one fold is NaN here.

    >>> folds = [dict.fromkeys(Metric, value) for value in (0.75, 0.25)]
    >>> summarise(folds)["cv_accuracy"], summarise(folds)["cv_accuracy_std"]
    (0.5, 0.25)

    """
    summary = {}
    for metric in Metric:
        values = [fold[metric] for fold in folds]
        known = not any(math.isnan(value) for value in values)
        summary[f"cv_{metric}"] = fmean(values)
        summary[f"cv_{metric}_std"] = pstdev(values) if known else math.nan
    return summary


def _split(pipeline: Any) -> tuple[Any, Any]:
    """Return the steps before the estimator, and the estimator."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    if isinstance(pipeline, Pipeline) and len(pipeline) > 1:
        return pipeline[:-1], pipeline[-1]
    return FunctionTransformer(), pipeline


def _prepare(
    steps: Any, frame: pd.DataFrame, truth: npt.NDArray[np.bool_], fold: Fold
) -> PreparedFold:
    """Return a fold's rows after the steps before the estimator, with the durations."""
    from sklearn.base import clone

    train, test = fold
    fresh, start = clone(steps), perf_counter()
    learnt = fresh.fit_transform(frame.iloc[train], truth[train])
    fitted = perf_counter()
    others = fresh.transform(frame.iloc[test])
    return PreparedFold(learnt, others, fitted - start, perf_counter() - fitted)


def _fit_and_predict(
    estimator: Any, prepared: PreparedFold, truth: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], float, dict[str, float]]:
    """Return a fold's probabilities, the threshold and the durations, preparation included."""
    from sklearn.base import clone

    fresh, start = clone(estimator), perf_counter()
    try:
        fresh.fit(prepared.train, truth)
    except (TypeError, ValueError) as error:
        message = f"expected settings the estimator takes, found: {error}"
        raise ConfigError(f"{message}; see configs/model/NAME.yaml") from error
    fitted = perf_counter()
    chance = positive_probability(fresh, prepared.test)
    seconds = perf_counter() - fitted + prepared.transform_seconds
    rate = len(chance) / max(seconds, 1e-9)
    fit_seconds = fitted - start + prepared.fit_seconds
    timing = {"fit_seconds": fit_seconds, "predict_rows_per_second": rate}
    return chance, decision_threshold(fresh), timing
