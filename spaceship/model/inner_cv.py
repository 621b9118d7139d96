"""Choices by inner cross-validation: boosting rounds, calibration and decision threshold.

Each class wraps a pipeline that takes raw columns, because inner folds keep groups whole and the
raw columns name the group of a row. No row that is scored has a part in any choice.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from spaceship.errors import ConfigError, DataError, expected
from spaceship.model.rounds import Iterations, folds_for_rounds, loss_by_rounds, split
from spaceship.split.folds import Fold, inner_folds
from spaceship.task.arrays import Estimator, Target
from spaceship.task.label import Problem
from spaceship.task.task import Task


class Calibration(StrEnum):
    """Methods of `sklearn.calibration.CalibratedClassifierCV`, or none."""

    NONE = "none"
    ISOTONIC = "isotonic"
    SIGMOID = "sigmoid"
    TEMPERATURE = "temperature"


class _Inner(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that predicts by the one it has fitted."""

    fitted_: Estimator

    def predict(self, X: pd.DataFrame) -> object:
        """Return the predicted label of each row, (n_rows,)."""
        check_is_fitted(self)
        return self.fitted_.predict(X)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of both classes, (n_rows, 2)."""
        check_is_fitted(self)
        return np.asarray(self.fitted_.predict_proba(X))


class InnerIterations(_Inner):
    """Fit a boosting pipeline with the number of rounds that inner folds find best.

    All inner folds, or the first `n_used`, are fitted with twice the configured rounds (the fit of
    a lone fold may stop earlier); `curve_` is the mean log loss, or squared error of numbers, over
    the folds by number of rounds, and `rounds_`, the number with the least one, is that of the fit
    on all rows. With `n_used=1` a table too small for folds is fitted with the configured number.

    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> boosted = Pipeline([*pipeline.steps[:-1], ("trees", GradientBoostingClassifier())])
    >>> boosted = boosted.set_params(trees__n_estimators=4)
    >>> few = InnerIterations(boosted, task.to_plain(), n_folds=2)
    >>> 1 <= few.fit(people.train, people.train.iloc[:, -1]).rounds_ <= 8
    True
    """

    def __init__(
        self,
        pipeline: Pipeline,
        task: Mapping[str, object],
        n_folds: int = 5,
        seed: int = 0,
        n_used: int | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.task = task  # as `Task.to_plain` describes it
        self.n_folds = n_folds
        self.seed = seed
        self.n_used = n_used  # folds that are fitted and scored; None: all

    def fit(self, X: pd.DataFrame, y: object) -> Self:
        """Choose the number of rounds, then fit on all rows."""
        task, target = Task.read(self.task), np.asarray(y)
        n_used = self.n_used or self.n_folds
        folds = folds_for_rounds(X, target, task, n_used, (self.n_folds, self.seed))
        name, estimator = self.pipeline.steps[-1]
        splits = (split(clone(self.pipeline[:-1]), X, target, fold) for fold in folds)
        key, self.curve_ = loss_by_rounds(estimator, splits, task, alone=len(folds) == 1)
        configured = estimator.get_params()[key]
        self.rounds_ = min(self.curve_, key=lambda n: self.curve_[n], default=configured)
        self.fitted_ = clone(self.pipeline).set_params(**{f"{name}__{key}": self.rounds_})
        self.fitted_.fit(X, target)
        self.classes_ = getattr(self.fitted_, "classes_", None)
        return self


class InnerFolds(_Inner):
    """Fit a meta-estimator of scikit-learn; its `cv` are inner folds that keep groups whole.

    >>> tuned = InnerFolds(TunedThresholdClassifierCV(pipeline), task.to_plain(), n_folds=2)
    >>> 0 < tuned.fit(people.train, people.train.iloc[:, -1]).threshold_ < 1
    True
    """

    def __init__(
        self, estimator: Estimator, task: Mapping[str, object], n_folds: int = 5, seed: int = 0
    ) -> None:
        self.estimator = estimator
        self.task = task  # as `Task.to_plain` describes it
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: object) -> Self:
        """Fit the estimator, its folds drawn here."""
        task, target = Task.read(self.task), np.asarray(y)
        folds = inner_folds(
            task.group_names(X), target, task, n_splits=self.n_folds, seed=self.seed
        )
        _check_classes(target, folds, task)
        fitted = clone(self.estimator).set_params(cv=folds).fit(X, target)
        self.fitted_ = fitted.set_params(cv=None)  # what is stored need not know the folds
        self.classes_ = fitted.classes_
        self.threshold_ = float(getattr(fitted, "best_threshold_", 0.5))
        return self

    def predict(self, X: pd.DataFrame) -> object:
        """Return the label of each row, (n_rows,): True above the threshold, or the likeliest."""
        table = self.predict_proba(X)
        if table.shape[1] > 2:  # noqa: PLR2004 - True and False
            return np.asarray(self.classes_)[table.argmax(axis=1)]
        return table[:, 1] > self.threshold_


def _check_classes(target: Target, folds: Sequence[Fold], task: Task) -> None:
    """Raise DataError unless each inner fold trains on rows of every class."""
    known = {*target.tolist()}
    absent = {one for train, _ in folds for one in known - {*target[train].tolist()}}
    if absent:
        rare = ", ".join(repr(task.label_values[int(one)]) for one in sorted(absent))
        wanted = f"rows of every class in {len(folds)} inner folds, to calibrate its probability"
        do = "give more data, join rare classes, or set calibration=none"
        raise DataError(expected(wanted, f"too few of {rare}", do))


def with_inner_choices(  # noqa: PLR0913 - every choice by name
    pipeline: object,
    task: Task,
    *,
    iterations: Iterations = Iterations.FIXED,
    calibration: Calibration = Calibration.NONE,
    threshold: float | str = 0.5,
    seed: int = 0,
) -> Pipeline:
    """Wrap a pipeline that takes raw columns in the choices that inner folds make for it.

    Raise ConfigError if the task's kind of problem leaves nothing to choose.

    >>> list(with_inner_choices(pipeline, task, threshold="tuned").named_steps)
    ['candidate']
    """
    plain = task.to_plain()
    if calibration != Calibration.NONE and not task.is_classification:
        raise ConfigError(expected("calibration=none for numbers", calibration, "leave it out"))
    if threshold == "tuned" and task.problem is not Problem.BINARY:
        wanted = f"threshold=0.5 for a {task.problem} problem"
        raise ConfigError(expected(wanted, "tuned", "leave it out: only True has a threshold"))
    if iterations != Iterations.FIXED:
        used = 1 if iterations == Iterations.INNER_FOLD else None
        pipeline = InnerIterations(pipeline, plain, seed=seed, n_used=used)
    if calibration != Calibration.NONE:
        inside = CalibratedClassifierCV(pipeline, method=str(calibration), ensemble=False)
        pipeline = InnerFolds(inside, plain, seed=seed)
    if threshold == "tuned":
        inside = TunedThresholdClassifierCV(pipeline, scoring="accuracy")
        pipeline = InnerFolds(inside, plain, seed=seed)
    return pipeline if isinstance(pipeline, Pipeline) else Pipeline([("candidate", pipeline)])
