"""Twins: the recipe fitted on the training part, scored there by folds and then on the hold-out."""

import logging
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Self

import pandas as pd

from hydra_plugins.spaceship_optuna import trial
from spaceship.data.digest import table_digest
from spaceship.evaluation.cross_validation import (
    Observer,
    PreparedFold,
    cross_validate,
    decision_threshold,
    predict,
    summarise,
)
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import metric_names, metric_title, score
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import OUT_OF_FOLD, Report
from spaceship.evaluation.slices import score_slices
from spaceship.progress import phase
from spaceship.split.folds import Fold
from spaceship.task.label import Problem
from spaceship.task.task import Task

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """Rows that candidates are selected on, and their folds: the same for all trials of a sweep.

    >>> TrainingPart.of(people.train, task, Protocol(0.3, "a", n_folds=3, seed=1)).folds[0][0].size
    192
    """

    rows: pd.DataFrame  # labelled, without the hold-out
    task: Task
    folds: Sequence[Fold]

    @classmethod
    def of(cls, frame: pd.DataFrame, task: Task, protocol: Protocol) -> Self:
        """Return the training part of labelled rows."""
        rows, _ = protocol.split(frame, task)
        return cls(rows, task, protocol.folds(rows, task))


def measure(
    pipeline: "Pipeline",
    part: TrainingPart,
    report: Report,
    prepared: MutableMapping[int, PreparedFold] | None = None,
    observe: Observer | None = None,
) -> Report:
    """Return a report that names candidate and data, with its cross-validation filled in.

    `prepared` holds folds that the same features made of the same rows; missing ones are added. In
    a trial of a sweep, slices are left out: they are computed for the best trial alone. Raise
    PrunedError in a hopeless trial. `observe` is called with each fold.

    >>> part = TrainingPart.of(people.train, task, Protocol(0.3, "a", n_folds=3, seed=1))
    >>> len(measure(pipeline, part, Report("a", "local", "ab12")).folds)
    3
    """
    with phase("Cross-validation", len(part.folds)) as steps:

        def on_fold(history: list[dict[str, float]]) -> None:
            trial.report(history)
            steps.advance(_fold_line(history))

        result = cross_validate(
            pipeline, part.rows, part.task, part.folds, on_fold, prepared, observe
        )
    timings = {key: result.median(key) for key in ("fit_seconds", "predict_rows_per_second")}
    metrics = summarise(result.folds, part.task.problem) | timings
    values, _ = table_digest(result.values)
    stages = report.stages | {OUT_OF_FOLD: values.digest}
    out_of_fold = OutOfFold.of(result, part.rows, part.task)
    scored = replace(
        report, metrics=metrics, folds=result.folds, stages=stages, out_of_fold=out_of_fold
    )
    if trial.in_trial():
        return scored
    slices = score_slices(part.task, part.rows, result.values, result.predictions)
    return replace(scored, slices=slices)


def repeats(
    pipeline: "Pipeline", frame: pd.DataFrame, task: Task, protocol: Protocol, seeds: list[int]
) -> dict[str, dict[str, float]]:
    """Return the training part's mean metrics over folds, by seed of the folds (text, as in JSON).

    >>> list(repeats(pipeline, people.train, task, Protocol(0.3, "a", n_folds=3, seed=1), [42, 7]))
    ['42', '7']
    """
    if not seeds:
        return {}
    training, _ = protocol.split(frame, task)
    means, names = {}, metric_names(task.problem)
    with phase("Repeats with other folds", len(seeds)) as steps:
        for seed in seeds:
            folds = replace(protocol, seed=seed).folds(training, task)
            scores = cross_validate(pipeline, training, task, folds).folds
            means[str(seed)] = {name: fmean(fold[name] for fold in scores) for name in names}
            steps.advance()
    return means


def fit_twin(
    pipeline: "Pipeline", frame: pd.DataFrame, task: Task, protocol: Protocol
) -> tuple["Pipeline", HoldOut]:
    """Return the pipeline fitted on the training part only, and its hold-out predictions.

    >>> protocol = Protocol(0.3, "a", n_folds=3, seed=1)
    >>> twin, holdout = fit_twin(pipeline, people.train, task, protocol)
    >>> holdout.threshold
    0.5
    """
    from sklearn.base import clone

    training, holdout = protocol.split(frame, task)
    with phase("Fitting on the training part"):
        twin = clone(pipeline).fit(training, task.target(training))
    return twin, predict_holdout(twin, holdout, task)


def fit_serving(pipeline: "Pipeline", frame: pd.DataFrame, task: Task) -> "Pipeline":
    """Return the serving pipeline, fitted on every labelled row.

    >>> fitted = fit_serving(pipeline, people.train, task)
    >>> len(fitted.predict(people.test)) == len(people.test)
    True
    """
    from sklearn.base import clone

    with phase("Fitting on all rows"):
        return clone(pipeline).fit(frame, task.target(frame))


def predict_holdout(twin: "Pipeline", holdout: pd.DataFrame, task: Task) -> HoldOut:
    """Return a twin's predictions for labelled rows that it has not seen; see `fit_twin`.

    >>> twin = fit_serving(pipeline, people.train[:200], task)
    >>> predict_holdout(twin, people.train[200:], task).threshold
    0.5
    """
    with phase("Predicting the hold-out"):
        values, threshold = predict(twin, holdout, task), decision_threshold(twin)
    return HoldOut.of(
        task.names(holdout),
        task.target(holdout),
        values,
        threshold,
        slices=task.slice_values(holdout),
        groups=task.group_names(holdout).to_numpy(),
        label=task.label,
        classes=task.classes if task.problem is Problem.MULTICLASS else (),
    )


def holdout_metrics(holdout: HoldOut) -> dict[str, float]:
    """Return every metric of a hold-out, as `holdout_*`, with those of the best constant.

    `holdout_error` is the standard error of the score that the gate works on.

    >>> holdout_metrics(HoldOut.of(["0001_01"], [True], [0.75]))["holdout_brier"]
    0.0625
    """
    scores = score(holdout.target, holdout.values, holdout.threshold, holdout.problem)
    dummy, error = holdout.constant
    scores |= {"error": holdout.error, "dummy": dummy, "dummy_error": error}
    return {f"holdout_{metric}": value for metric, value in scores.items()}


def _fold_line(history: list[dict[str, float]]) -> str:
    """Return the scores of the latest fold in words, and log them."""
    names = shown_metrics(history[-1])
    shown = "  ".join(f"{name} {history[-1][key]:.4f}" for key, name in names)
    log.debug("  fold %d  %s  %.1f s", len(history), shown, history[-1]["fit_seconds"])
    return shown


def shown_metrics(scores: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the two metrics that log lines show, as (key, words).

    >>> shown_metrics({"rmse": 1.0, "mae": 0.5, "r2": 0.9})
    [('rmse', 'RMSE'), ('mae', 'MAE')]
    """
    shown = ("rmse", "mae") if "rmse" in scores else ("accuracy", "log_loss")
    return [(one, metric_title(one)) for one in shown]
