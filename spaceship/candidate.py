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
        experiment.protocol,
        replace(experiment.blank_report(name), recipe=recipe.to_plain()),
        experiment.folds(recipe),
    )
    report.write(job.folder)
    log.log(
        level,
        "  mean    accuracy %.4f ± %.4f  log loss %.4f ± %.4f",
        *(report.metrics[f"cv_{key}"] for key in ("accuracy", "accuracy_std")),
        *(report.metrics[f"cv_{key}"] for key in ("log_loss", "log_loss_std")),
    )
    return report


def fit(experiment: Experiment, job: Job) -> None:
    """Fit the job's recipe twice: the twin, scored on the hold-out, and the serving model.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> _ = score(experiment, job, experiment.recipe())
    >>> fit(experiment, job)
    >>> job.fitted
    True
    """
    report, frame = Report.read(job.folder), experiment.dataset.train
    pipeline = experiment.pipeline(Recipe.from_plain(report.recipe))
    protocol = experiment.protocol
    twin, holdout = training.fit_twin(pipeline, frame, protocol)
    seeds = list(experiment.gate.cv_seeds)
    scored = replace(
        report,
        holdout=holdout,
        metrics=report.metrics | training.holdout_metrics(holdout),
        repeats=training.repeats(pipeline, frame, protocol, seeds),
    )
    log.info("Hold-out: accuracy %.4f on %d passengers", holdout.accuracy, len(holdout.labels))
    scored.write(job.folder)
    # The profile's scores are the twin's: the serving model has seen every row it would score.
    profile = take_profile(frame, holdout.probabilities)
    write_json(job.folder / PROFILE_FILE, to_plain(profile))
    packaging.save(twin, job.twin, frame)
    packaging.save(training.fit_serving(pipeline, frame), job.model, frame)
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
        frame, protocol = experiment.dataset.train, experiment.protocol
        _, held = protocol.split(frame)
        holdout = training.predict_holdout(packaging.load(str(twin)), held)
        pipeline = experiment.pipeline(Recipe.from_plain(champion.recipe))
        repeats = training.repeats(pipeline, frame, protocol, list(experiment.gate.cv_seeds))
        digest = experiment.dataset.digest
        return replace(champion, holdout=holdout, repeats=repeats, data_digest=digest)

    settings = experiment.settings
    promotion = Promotion(experiment.gate, experiment.registry, update, settings.why)
    return promotion.judge(job, ceiling=ceiling)
