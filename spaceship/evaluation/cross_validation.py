"""Cross-validation of a pipeline: out-of-fold predictions and the scores of each fold."""

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.evaluation.metrics import THRESHOLD, decide, metric_names, score
from spaceship.split.folds import Fold
from spaceship.task.arrays import Estimator, Floats, Positions, Target
from spaceship.task.label import Problem
from spaceship.task.task import Task

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_FEWEST = 2  # rows that a fold trains on


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The result of a cross-validation."""

    values: Floats  # out-of-fold, as `predict` returns them; NaN where no fold tests a row
    predictions: Target  # the labels decided from them `(n_rows,)`; False or 0 in no fold
    folds: list[dict[str, float]]  # metrics, `fit_seconds` and `predict_rows_per_second` of each

    def median(self, timing: str) -> float:
        """Return the median over folds of `fit_seconds` or `predict_rows_per_second`.

        >>> folds = [{"fit_seconds": 1.0}, {"fit_seconds": 3.0}, {"fit_seconds": 2.0}]
        >>> CrossValidation(np.zeros(0), np.zeros(0, dtype=bool), folds).median("fit_seconds")
        2.0
        """
        return median(fold[timing] for fold in self.folds)


@dataclass(frozen=True, eq=False)
class PreparedFold:
    """A fold's rows after every step but the estimator, fitted on its training rows only."""

    train: object  # the training rows, which the estimator is fitted on
    test: Any  # the rows to predict
    fit_seconds: float  # duration of fitting the steps and transforming the training rows
    transform_seconds: float  # duration of transforming the rows to predict


Observer = Callable[[PreparedFold, Fold, Estimator], None]
"""What is called with each fold, and the estimator that was fitted on it."""


def cross_validate(  # noqa: PLR0913, PLR0917 - the last three are for sweeps and records
    pipeline: Estimator,
    frame: pd.DataFrame,
    task: Task,
    folds: Sequence[Fold],
    on_fold: Callable[[list[dict[str, float]]], None] | None = None,
    prepared: MutableMapping[int, PreparedFold] | None = None,
    observe: Observer | None = None,
) -> CrossValidation:
    """Fit a clone of the pipeline on each fold's training rows and score it on the others.

    The frame holds typed, labelled rows. `on_fold` is called after each fold with the metrics of
    the folds so far; an error that it raises ends the cross-validation. `prepared` holds folds by
    number that the same steps before the estimator made of the same rows; missing ones are added,
    for the next trial of a sweep. `observe` is called with each fold once an estimator is fitted.

    >>> halves = np.arange(100), np.arange(100, 200)
    >>> len(cross_validate(pipeline, people.train, task, [halves]).folds)
    1
    """
    from sklearn.pipeline import Pipeline, make_pipeline

    ready = {} if prepared is None else prepared
    stepwise = isinstance(pipeline, Pipeline) and len(pipeline) > 1
    whole = pipeline if stepwise else make_pipeline("passthrough", pipeline)
    target = task.target(frame)
    values, predictions = np.full(_shape(frame, task), np.nan), np.zeros(len(frame), target.dtype)
    scores = []
    fewest = min((len(train) for train, _ in folds), default=_FEWEST)
    if fewest < _FEWEST:
        do = "give more data or lower split.n_folds"
        raise DataError(expected("two rows or more to train on in every fold", fewest, do))
    for step, (train, test) in enumerate(folds):
        if step not in ready:
            ready[step] = _prepare(whole[:-1], frame, target, (train, test))
        found, fitted, timing = _fit_and_predict(whole[-1], ready[step], target[train], task)
        if observe is not None:
            observe(ready[step], (train, test), fitted)
        if prepared is None:
            del ready[step]
        threshold = decision_threshold(fitted)
        values[test], predictions[test] = found, decide(found, task.problem, threshold)
        scores.append(score(target[test], found, threshold, task.problem) | timing)
        if on_fold is not None:
            on_fold(scores)
    return CrossValidation(values, predictions, scores)


def predict(fitted: Estimator, frame: Any, task: Task) -> Floats:
    """Return what a fitted pipeline predicts for each row, in the form that `score` takes.

    That is the probability of True `(n_rows,)`, the probability of each class of the task
    `(n_rows, n_classes)`, 0 for a class that no training row had, or a number `(n_rows,)`.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> predict(fitted, people.test, task).shape == (len(people.test),)
    True
    """
    if not task.is_classification:
        return np.asarray(fitted.predict(frame), dtype=float).reshape(-1)
    table = np.asarray(fitted.predict_proba(frame), dtype=float)
    if task.problem is Problem.MULTICLASS:
        whole = np.zeros(_shape(frame, task))
        at = _places(fitted, task)
        whole[:, at[at >= 0]] = table[:, at >= 0]
        return whole
    if table.shape != (len(frame), 2):
        message = f"expected two columns of probabilities, False and True, found {table.shape}"
        raise ValueError(message)
    # Every library sorts its classes: False < True, 0 < 1, "False" < "True".
    return table[:, 1]


def decision_threshold(fitted: object) -> float:
    """Return the probability above which a fitted classifier predicts True.

    >>> decision_threshold(pipeline)
    0.5
    """
    from sklearn.pipeline import Pipeline

    last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    return float(getattr(last, "threshold_", THRESHOLD))


def summarise(
    folds: Sequence[dict[str, float]], problem: Problem = Problem.BINARY
) -> dict[str, float]:
    """Return each metric's mean over folds as `cv_…`, and its population standard deviation.

    A metric that is NaN in one fold has NaN for both.

    >>> names = metric_names(Problem.BINARY)
    >>> summary = summarise([dict.fromkeys(names, value) for value in (0.75, 0.25)])
    >>> summary["cv_accuracy"], summary["cv_accuracy_std"]
    (0.5, 0.25)
    """
    summary: dict[str, float] = {}
    for metric in metric_names(problem):
        values = [fold[metric] for fold in folds]
        mean = fmean(values)
        spread = math.nan if math.isnan(mean) else pstdev(values)
        summary |= {f"cv_{metric}": mean, f"cv_{metric}_std": spread}
    return summary


def _prepare(steps: "Pipeline", frame: pd.DataFrame, target: Target, fold: Fold) -> PreparedFold:
    from sklearn.base import clone

    train, test = fold
    fresh, start = clone(steps), perf_counter()
    learnt = fresh.fit_transform(frame.iloc[train], target[train])
    fitted = perf_counter()
    others = fresh.transform(frame.iloc[test])
    return PreparedFold(learnt, others, fitted - start, perf_counter() - fitted)


def _fit_and_predict(
    estimator: object, prepared: PreparedFold, target: Target, task: Task
) -> tuple[Floats, Estimator, dict[str, float]]:
    """Return a fold's predictions, the fitted estimator and the durations, preparation included."""
    from sklearn.base import clone

    fresh, start = clone(estimator), perf_counter()
    try:
        fresh.fit(prepared.train, target)
    except (OverflowError, TypeError, ValueError) as error:
        takes = "settings the estimator takes"
        raise ConfigError(expected(takes, error, "see configs/model/NAME.yaml")) from error
    fitted = perf_counter()
    found = predict(fresh, prepared.test, task)
    seconds = perf_counter() - fitted + prepared.transform_seconds
    timing = {
        "fit_seconds": fitted - start + prepared.fit_seconds,
        "predict_rows_per_second": len(found) / max(seconds, 1e-9),
    }
    return found, fresh, timing


def _places(fitted: Estimator, task: Task) -> Positions:
    """Return the place among the task's classes of each class that a classifier knows, or -1."""
    known = np.asarray(fitted.classes_, dtype=np.intp)
    names = getattr(fitted, "classes", None)  # of a stored model: the task may have had others
    if names is None:
        return known
    learnt = pd.Index([names[one] for one in known], dtype="str")
    return pd.Index(task.classes, dtype="str").get_indexer(learnt)


def _shape(frame: Any, task: Task) -> tuple[int, ...]:
    several = task.problem is Problem.MULTICLASS
    return (len(frame), len(task.classes)) if several else (len(frame),)
