"""Twins: the recipe fitted on the training part, scored there by folds and then on the hold-out."""

import logging
from collections.abc import MutableMapping
from dataclasses import replace
from statistics import fmean

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from hydra_plugins.spaceship_optuna import trial
from spaceship.evaluation.cross_validation import (
    PreparedFold,
    cross_validate,
    decision_threshold,
    positive_probability,
    summarise,
)
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import Metric, score
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.slices import score_slices
from spaceship.task.spaceship_titanic.columns import ID, LABEL
from spaceship.task.spaceship_titanic.slices import slice_values

log = logging.getLogger(__name__)


def measure(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    protocol: Protocol,
    report: Report,
    prepared: MutableMapping[int, PreparedFold] | None = None,
) -> Report:
    """Return a report that names candidate and data, with its cross-validation filled in.

    The hold-out among the labelled rows is not used. `prepared` holds folds that the same features
    made of the same rows; missing ones are added. Raise PrunedError in a hopeless trial of a sweep.

    >>> protocol = Protocol(0.3, "a", n_folds=3, seed=1)
    >>> len(measure(pipeline, people.train, protocol, Report("linear", "local", "ab12")).folds)
    3
    """
    training, _ = protocol.split(frame)
    labels = training[LABEL].to_numpy()
    folds = protocol.folds(training)
    result = cross_validate(pipeline, training, labels, folds, _report_fold, prepared)
    timings = {key: result.median(key) for key in ("fit_seconds", "predict_rows_per_second")}
    slices = score_slices(training, labels, result.probabilities, result.predictions)
    metrics = summarise(result.folds) | timings
    return replace(report, metrics=metrics, folds=result.folds, slices=slices)


def repeats(
    pipeline: Pipeline, frame: pd.DataFrame, protocol: Protocol, seeds: list[int]
) -> dict[str, dict[str, float]]:
    """Return the training part's mean metrics over folds, by seed of the folds (text, as in JSON).

    >>> list(repeats(pipeline, people.train, Protocol(0.3, "a", n_folds=3, seed=1), [42, 7]))
    ['42', '7']
    """
    training, _ = protocol.split(frame)
    means = {}
    for seed in seeds:
        folds = replace(protocol, seed=seed).folds(training)
        scores = cross_validate(pipeline, training, training[LABEL], folds).folds
        means[str(seed)] = {m.value: fmean(fold[m] for fold in scores) for m in Metric}
    return means


def fit_twin(
    pipeline: Pipeline, frame: pd.DataFrame, protocol: Protocol
) -> tuple[Pipeline, HoldOut]:
    """Return the pipeline fitted on the training part only, and its hold-out predictions.

    >>> twin, holdout = fit_twin(pipeline, people.train, Protocol(0.3, "a", n_folds=3, seed=1))
    >>> holdout.threshold
    0.5
    """
    training, holdout = protocol.split(frame)
    twin = clone(pipeline).fit(training, training[LABEL].to_numpy())
    return twin, predict_holdout(twin, holdout)


def fit_serving(pipeline: Pipeline, frame: pd.DataFrame) -> Pipeline:
    """Return the pipeline fitted on every labelled row, which serves.

    >>> len(fit_serving(pipeline, people.train).predict(people.test)) == len(people.test)
    True
    """
    return clone(pipeline).fit(frame, frame[LABEL].to_numpy())


def predict_holdout(twin: Pipeline, holdout: pd.DataFrame) -> HoldOut:
    """Return a twin's predictions for labelled rows that it has not seen; see `fit_twin`.

    >>> twin = fit_serving(pipeline, people.train[:200])
    >>> predict_holdout(twin, people.train[200:]).threshold
    0.5
    """
    chances, threshold = positive_probability(twin, holdout), decision_threshold(twin)
    return HoldOut.of(holdout[ID], holdout[LABEL], chances, threshold, slice_values(holdout))


def holdout_metrics(holdout: HoldOut) -> dict[str, float]:
    """Return every metric of a hold-out, as `holdout_*`.

    >>> holdout_metrics(HoldOut.of(["0001_01"], [True], [0.75]))["holdout_brier"]
    0.0625
    """
    scores = score(holdout.labels, holdout.probabilities, holdout.threshold)
    return {f"holdout_{metric}": value for metric, value in scores.items()}


def _report_fold(history: list[dict[str, float]]) -> None:
    """Report a fold's scores to the sweep, if there is one, and log them."""
    trial.report(history)
    scores = [history[-1][key] for key in ("accuracy", "log_loss", "fit_seconds")]
    level = logging.DEBUG if trial.in_trial() else logging.INFO
    log.log(level, "  fold %d  accuracy %.4f  log loss %.4f  %.1f s", len(history), *scores)
