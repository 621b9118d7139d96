"""A candidate: scored by cross-validation, fitted twice, and judged against the champion."""

import logging
from dataclasses import replace
from pathlib import Path

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.drift.profile import PROFILE_FILE, take_profile
from spaceship.evaluation import twins as training
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment, features_name
from spaceship.files import write_json
from spaceship.gate.verdict import Verdict
from spaceship.model.recipe import Recipe
from spaceship.records import to_plain
from spaceship.registry import packaging
from spaceship.registry.promotion import Promotion
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)


def score(experiment: Experiment, job: Job, recipe: Recipe) -> Report:
    """Cross-validate a recipe inside the training part and write the job's report.

    >>> report = score(experiment, Job(tmp_path, in_multirun=False), experiment.recipe())
    >>> 0.5 < report.metrics["cv_accuracy"] < 1
    True
    """
    name = f"{recipe.name} on {features_name(recipe.features)}"
    level = logging.DEBUG if in_trial() else logging.INFO  # a sweep's progress shows its trials
    log.log(level, "Cross-validation of %s", name)
    report = training.measure(
        experiment.pipeline(recipe),
        experiment.dataset.train,
        experiment.dataset.task,
        experiment.protocol,
        replace(experiment.blank_report(name), recipe=recipe.to_plain()),
        experiment.folds(recipe),
    )
    report.write(job.folder)
    shown = "  ".join(
        f"{name} {report.metrics[f'cv_{key}']:.4f} ± {report.metrics[f'cv_{key}_std']:.4f}"
        for key, name in training.shown_metrics(report.folds[0])
    )
    log.log(level, "  mean    %s", shown)
    return report


def fit(experiment: Experiment, job: Job) -> None:
    """Fit the job's recipe twice: the twin, scored on the hold-out, and the serving model.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> _ = score(experiment, job, experiment.recipe())
    >>> fit(experiment, job)
    >>> job.fitted
    True
    """
    report, data = Report.read(job.folder), experiment.dataset
    task, frame = data.task, data.train
    pipeline = experiment.pipeline(Recipe.from_plain(report.recipe))
    protocol = experiment.protocol
    twin, holdout = training.fit_twin(pipeline, frame, task, protocol)
    seeds, dummy = list(experiment.gate.cv_seeds), {}
    if task.floor is None:
        learnt = task.target(protocol.split(frame, task)[0])
        dummy = training.dummy_metrics(holdout, learnt)
    scored = replace(
        report,
        holdout=holdout,
        metrics=report.metrics | training.holdout_metrics(holdout) | dummy,
        repeats=training.repeats(pipeline, frame, task, protocol, seeds),
    )
    named = holdout.metric if task.is_classification else holdout.metric.upper()
    shown = (named, float(holdout.score), len(holdout.ids), task.nouns)
    log.info("Hold-out: %s %.4f on %d %s", *shown)
    scored.write(job.folder)
    # The profile's scores are the twin's: the serving model has seen every row it would score.
    profile = take_profile(frame, task, holdout.values)
    write_json(job.folder / PROFILE_FILE, to_plain(profile))
    packaging.save(twin, job.twin, frame, task, served=False)
    packaging.save(training.fit_serving(pipeline, frame, task), job.model, frame, task)
    size = {"model_mb": packaging.size(job.model) / 1e6}
    replace(scored, metrics=scored.metrics | size).write(job.folder)


def judge(experiment: Experiment, job: Job, ceiling: str = CHAMPION) -> Verdict:
    """Compare the job's candidate with the champion, and move the alias that it has earned.

    Raises:
        RefusedError: The candidate is refused, and `gate.require` is true.

    >>> judge(experiment, Job(tmp_path, in_multirun=False))
    Traceback (most recent call last):
    spaceship.errors.TrackingError: expected an MLflow run for the job in ...

    """

    def update(champion: Report, twin: Path) -> Report:
        """Return the champion's report on the data in use: hold-out and repeats made anew."""
        data, protocol = experiment.dataset, experiment.protocol
        _, held = protocol.split(data.train, data.task)
        holdout = training.predict_holdout(packaging.load(str(twin)), held, data.task)
        pipeline = experiment.pipeline(Recipe.from_plain(champion.recipe))
        seeds = list(experiment.gate.cv_seeds)
        repeats = training.repeats(pipeline, data.train, data.task, protocol, seeds)
        digest = experiment.dataset.digest
        return replace(champion, holdout=holdout, repeats=repeats, data_digest=digest)

    settings = experiment.settings
    promotion = Promotion(experiment.gate, experiment.registry, update, settings.why)
    return promotion.judge(job, ceiling=ceiling)
