"""`mode=inference`: the champion predicts new rows, unless they have drifted too far."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from spaceship.data._base import Table
from spaceship.data.checks import check as check_table
from spaceship.data.kaggle_submission import check_ids, check_submitting
from spaceship.data.submission import submission, usable, write
from spaceship.drift.alert import DRIFT_FILE
from spaceship.errors import DataError, RegistryError, expected
from spaceship.evaluation.answers import answers
from spaceship.evaluation.cross_validation import decision_threshold, predict
from spaceship.experiment import Experiment
from spaceship.mode._drift import compare_with_training
from spaceship.mode._kaggle import send
from spaceship.progress import phase
from spaceship.registry import packaging
from spaceship.registry.registry import Version
from spaceship.results import Result
from spaceship.task.label import Problem
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task
from spaceship.text import first_few

log = logging.getLogger(__name__)

_MOST_COLUMNS = 8  # that are named


@dataclass(frozen=True)
class InferenceResult(Result):
    """A file of predictions."""

    model: str  # registered model
    champion: str  # version that has predicted
    recipe: str
    rows: int
    predictions: str  # file, with `columns`
    columns: list[str]
    mean: float | None  # of numbers
    shares: dict[str, float] | None  # of the predicted classes
    drift: str | None  # file of the drift from the rows that the champion learnt from
    drifted: list[str]  # columns beyond `inference.max_drift`


def check(experiment: Experiment) -> Path:
    """Return the file of predictions once it is certain that the settings can be used.

    Raises:
        ConfigError: A setting cannot be used, or `inference.submit` is for another data source.
        CredentialsError: Kaggle is to be sent the predictions, and there are no credentials.
        SubmissionError: Something other than earlier predictions is in the file's place.

    """
    name = f"{experiment.task.name}-{experiment.source.name}.csv"
    default = experiment.outputs / "submissions" / name
    given, task = experiment.settings.inference, experiment.task
    if given.submit:
        check_submitting(experiment.source, task, answers_only=not given.proba)
    if given.output is None:  # our own place
        return usable(default, task, overwrite=True)
    return usable(given.output, task, overwrite=given.overwrite)


def check_rows(experiment: Experiment) -> pd.DataFrame:
    """Return the typed rows to predict.

    Raises:
        DataError: The file cannot be used, or the data has no test part and no file is given.
        SubmissionError: Kaggle is to be sent the predictions, and wants those of other rows.

    """
    frame = _rows(experiment)
    if experiment.settings.inference.submit:
        check_ids(experiment.dataset.sample, frame, experiment.known_task)
    return frame


def inference(experiment: Experiment) -> InferenceResult:
    """Write the champion's predictions of `inference.input`, or of the test rows."""
    path, settings = check(experiment), experiment.settings.inference
    registry = experiment.registry
    champion, frame = registry.champion(), check_rows(experiment)
    task = experiment.known_task
    with phase("Loading the champion"):
        stored = packaging.load_version(registry, champion)
    margin = _margin(experiment, champion, stored.margin) if settings.proba else None
    with phase(f"Predicting {len(frame):,} {task.nouns}"):
        values = predict(stored.pipeline, frame, task)
    name = str(champion.recipe.get("name", "of a lost recipe"))
    log.info("Champion: %s, version %s of %s", name, champion.number, registry.model)
    drifted = compare_with_training(experiment, champion, frame, values) if len(frame) else None
    answered = answers(values, task, decision_threshold(stored.pipeline), margin)
    table = submission(answered if settings.proba else answered[[task.label]], frame, task)
    write(table, path)
    predicted = table[task.label]
    summary = _summary(predicted, task)
    log.info("%s predictions%s: %s", f"{len(table):,}", summary, path)
    if settings.proba:
        log.info("Its columns: %s", first_few(table.columns, _MOST_COLUMNS))
    if settings.submit:
        send(experiment, champion, path)
    return InferenceResult(
        model=registry.model,
        champion=champion.number,
        recipe=name,
        rows=len(table),
        predictions=str(path),
        columns=[*map(str, table.columns)],
        mean=None if task.is_classification or not len(table) else float(predicted.mean()),
        shares=_shares(predicted) if task.is_classification else None,
        drift=None if drifted is None else str(experiment.job.folder / DRIFT_FILE),
        drifted=drifted or [],
    )


def _margin(experiment: Experiment, champion: Version, margin: float | None) -> float | None:
    """Return the half width of the intervals of predicted numbers, None of classes.

    Raises:
        RegistryError: The champion has none.

    """
    if margin is None and not experiment.task.is_classification:
        registry = experiment.registry
        what = f"an interval stored with version {champion.number} of {registry.model}"
        found = "none: it was registered by an earlier release, or learnt from fewer than 9 groups"
        train = registry.command("mode=train", "gate.force=true", "reason=intervals")
        raise RegistryError(expected(what, found, f"leave out inference.proba, or train: {train}"))
    return margin


def _rows(experiment: Experiment) -> pd.DataFrame:
    given = experiment.settings.inference.input
    if given is not None:
        table = experiment.source.rows(Path(given).expanduser().absolute())
        if not len(table):
            return typed(table, experiment.task.raw)
        return check_table(Table(table, given), experiment.task, labelled=False)
    if (frame := experiment.dataset.test) is None:
        what, do = "rows to predict", "give a file: mode=inference inference.input=FILE"
        raise DataError(expected(what, f"data={experiment.source.name} without a test part", do))
    return frame


def _summary(predicted: pd.Series, task: Task) -> str:
    """Return the share of True or of each class, or the mean, in words; nothing of no rows."""
    if predicted.empty:
        return ""
    if not task.is_classification:
        return f", mean {predicted.mean():.5g}"
    shares = _shares(predicted)
    if task.problem is Problem.BINARY:
        return f", {_percent(shares.get(str(task.positive), 0.0))} {task.label} {task.positive}"
    every = (f"{_percent(share)} {name}" for name, share in shares.items())
    return f", {task.label} {first_few(every)}"


def _shares(predicted: pd.Series) -> dict[str, float]:
    """Return the share of each predicted class, the largest first."""
    shares = predicted.astype("str").value_counts(normalize=True)
    return {str(name): float(share) for name, share in shares.items()}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
