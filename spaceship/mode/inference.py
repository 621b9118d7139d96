"""`mode=inference`: the champion predicts new rows, unless they have drifted too far."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from sklearn.pipeline import Pipeline

from spaceship.data.kaggle_submission import check_submitting
from spaceship.data.submission import usable, writing
from spaceship.drift.alert import DRIFT_FILE
from spaceship.engine._base import Part
from spaceship.errors import ConfigError, RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.files import remove
from spaceship.mode._drift import compare_with_training, reference_profile
from spaceship.mode._kaggle import send
from spaceship.mode._rows import Rows, check_rows, find_rows
from spaceship.progress import phase
from spaceship.registry import packaging
from spaceship.registry.registry import MODEL, Version
from spaceship.results import Result
from spaceship.scoring.cut import cut
from spaceship.scoring.joined import is_parquet, join
from spaceship.scoring.run import Summary, score_all
from spaceship.scoring.score_part import Scored, ScorePart, preloaded
from spaceship.scoring.work_folder import work_folder
from spaceship.task.task import Task
from spaceship.text import first_few

log = logging.getLogger(__name__)

_MOST_COLUMNS = 8  # that are named
_ROW_BYTES = 128  # of an input of several parts, at least: CSV has some 90 a row, Parquet 20


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
        ConfigError: A setting or the engine cannot be used, or `inference.submit` is for another
            data source.
        CredentialsError: Kaggle is to be sent the predictions, and there are no credentials.
        SubmissionError: Something other than earlier predictions is in the file's place.

    """
    name = f"{experiment.task.name}-{experiment.source.name}.csv"
    default = experiment.outputs / "submissions" / name
    experiment.engine.check()
    given, task = experiment.settings.inference, experiment.task
    if given.submit:
        check_submitting(experiment.source, task, answers_only=not given.proba)
        if given.output is not None and is_parquet(given.output):
            do = "give a name that ends in .csv"
            raise ConfigError(expected("a CSV file to send to Kaggle", given.output, do))
    if given.output is None:  # our own place
        return usable(default, task, overwrite=True)
    return usable(given.output, task, overwrite=given.overwrite)


def inference(experiment: Experiment) -> InferenceResult:
    """Write the champion's predictions of `inference.input`, or of the test rows."""
    path, settings = check(experiment), experiment.settings.inference
    registry = experiment.registry
    champion, rows = registry.champion(), find_rows(experiment)
    if settings.submit:
        check_rows(experiment)
    with phase("Loading the champion"):
        stored = packaging.load_version(registry, champion)
    task = _task(experiment, stored.task)
    margin = _margin(experiment, champion, stored.margin) if settings.proba else None
    name = str(champion.recipe.get("name", "of a lost recipe"))
    content = _content(experiment, champion, task, rows)
    with work_folder(path, content) as folder:
        score = ScorePart(str(folder), "", task, margin, settings.proba)
        score, parts, scored = _scored(experiment, champion, stored.pipeline, rows, score)
        log.info("Champion: %s, version %s of %s", name, champion.number, registry.model)
        drifted = compare_with_training(experiment, champion, score.reference, scored.tally)
        columns = join([score.predicted(part.number) for part in parts], path)
    summary = Summary.of(scored, task)
    what = "1 prediction" if scored.rows == 1 else f"{scored.rows:,} predictions"
    log.info("%s%s: %s", what, summary.words(task), path)
    if settings.proba:
        log.info("Its columns: %s", first_few(columns, _MOST_COLUMNS))
    if settings.submit:
        send(experiment, champion, path)
    return InferenceResult(
        model=registry.model,
        champion=champion.number,
        recipe=name,
        rows=scored.rows,
        predictions=str(path),
        columns=columns,
        mean=summary.mean,
        shares=summary.shares,
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


def _task(experiment: Experiment, stored: Task | None) -> Task:
    """Return the task with the champion's classes, if it does not name them itself."""
    if stored is None or stored.problem is not experiment.task.problem:
        return experiment.known_task
    return experiment.task.with_classes(stored.classes)


def _content(
    experiment: Experiment, champion: Version, task: Task, rows: Rows
) -> dict[str, object]:
    """Return what the predictions depend on, as JSON values."""
    settings = experiment.settings.inference
    return {
        "release": version("spaceship"),
        "model": [experiment.registry.model, champion.number, champion.digests],
        "task": task.to_plain(),
        "rows": rows.identity,
        "settings": [settings.proba, settings.part_rows],
    }


def _scored(
    experiment: Experiment, champion: Version, pipeline: Pipeline, rows: Rows, score: ScorePart
) -> tuple[ScorePart, list[Part], Scored]:
    """Return what has scored the parts, the parts, which are in its folder, and their record."""
    folder, size = Path(score.folder), experiment.settings.inference.part_rows
    with ExitStack() as stack:
        if rows.bytes > _ROW_BYTES * size:  # while the rows are read, processes start
            score = _with_copy(experiment, champion, score)
            stack.enter_context(experiment.engine.started(score.load))
        with phase("Reading the rows"):
            parts = cut(rows.blocks(score.task, size), score.task, folder, size)
        if parts[0].rows:
            score = replace(score, reference=reference_profile(experiment, champion))
        if len(parts) > 1 and not score.model:
            score = _with_copy(experiment, champion, score)
        with preloaded(pipeline, score.model):
            return score, parts, score_all(experiment.engine, parts, score)


def _with_copy(experiment: Experiment, champion: Version, score: ScorePart) -> ScorePart:
    """Return what scores parts in other processes, too: they load a copy of the champion."""
    folder = Path(score.folder)
    with writing(folder):
        remove(folder / MODEL)  # of a job that ended early, perhaps while it was copied
        return replace(score, model=str(experiment.registry.fetch(champion, MODEL, folder)))
