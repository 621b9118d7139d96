"""`mode=train`: a candidate is scored, fitted twice and held against the champion."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import experiment as parts
from spaceship.drift.profile import PROFILE_FILE, take_profile
from spaceship.evaluation import twins as training
from spaceship.evaluation.report import Report
from spaceship.gate.verdict import Verdict
from spaceship.records import write_record
from spaceship.registry import packaging
from spaceship.registry.promotion import Referee
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)


def train(cfg: DictConfig) -> float | list[float]:
    """Return the candidate's objective; in a multirun only score it, else fit it for the gate."""
    job = Job.current()
    report = score_candidate(cfg, job)
    if not job.in_multirun:
        fit_candidate(cfg, job)
    values = [report.metrics[metric] for metric in parts.objectives(cfg)]
    return values[0] if len(values) == 1 else values


def score_candidate(cfg: DictConfig, job: Job) -> Report:
    """Cross-validate the configured recipe inside the training part and write the job's report."""
    if not in_trial():  # what cannot be built is told before the work; a sweep has done so
        parts.objectives(cfg)
        parts.gate(cfg)
    chosen, named = parts.features_chosen(), parts.choices_named()
    return score_recipe(cfg, job, parts.recipe(cfg, features_chosen=chosen, named=named))


def score_recipe(cfg: DictConfig, job: Job, recipe: dict[str, Any]) -> Report:
    """Cross-validate one recipe inside the training part and write the job's report."""
    people = parts.passengers(cfg)
    name = f"{recipe['name']} on {parts.features_name(recipe)}"
    blank = replace(parts.blank_report(cfg, name), recipe=recipe)
    log.log(_level(), "Cross-validation of %s", name)
    report = training.measure(
        parts.pipeline(cfg, recipe),
        people.train,
        parts.protocol(cfg),
        blank,
        parts.prepared_folds(cfg, recipe, people.digest),
    )
    report.write(job.folder)
    log.log(
        _level(),
        "  mean    accuracy %.4f ± %.4f  log loss %.4f ± %.4f",
        *(report.metrics[f"cv_{key}"] for key in ("accuracy", "accuracy_std")),
        *(report.metrics[f"cv_{key}"] for key in ("log_loss", "log_loss_std")),
    )
    return report


def fit_candidate(cfg: DictConfig, job: Job) -> None:
    """Fit the job's recipe twice: the twin, scored on the hold-out, and the serving model."""
    report, people, protocol = Report.read(job.folder), parts.passengers(cfg), parts.protocol(cfg)
    pipeline = parts.pipeline(cfg, report.recipe)
    twin, holdout = training.fit_twin(pipeline, people.train, protocol)
    seeds = list(parts.gate(cfg).cv_seeds)
    scored = replace(
        report,
        holdout=holdout,
        metrics=report.metrics | training.holdout_metrics(holdout),
        repeats=training.repeats(pipeline, people.train, protocol, seeds),
    )
    log.info("Hold-out: accuracy %.4f on %d passengers", holdout.accuracy, len(holdout.labels))
    scored.write(job.folder)
    # the serving model has seen all passengers, so its own scores of them would flatter it
    write_record(job.folder / PROFILE_FILE, take_profile(people.train, holdout.probabilities))
    packaging.save(twin, job.twin, people.train)
    serving = training.fit_serving(pipeline, people.train)
    packaging.save(serving, job.model, people.train)
    size = {"model_mb": packaging.size(job.model) / 1e6}
    replace(scored, metrics=scored.metrics | size).write(job.folder)


def conclude(cfg: DictConfig, job: Job, ceiling: str = CHAMPION) -> Verdict:
    """Hold the job's candidate against the champion, and move the alias it has earned."""

    def update(champion: Report, twin: Path) -> Report:
        """Bring the champion's report up to the data in use, by its twin and its recipe."""
        people, protocol = parts.passengers(cfg), parts.protocol(cfg)
        _, held = protocol.split(people.train)
        seeds = list(parts.gate(cfg).cv_seeds)
        holdout = training.predict_holdout(packaging.load(str(twin)), held)
        pipeline = parts.pipeline(cfg, champion.recipe)
        repeats = training.repeats(pipeline, people.train, protocol, seeds)
        return replace(champion, holdout=holdout, repeats=repeats, data_digest=people.digest)

    referee = Referee(parts.gate(cfg), parts.registry(cfg), update, str(cfg.reason or ""))
    return referee.conclude(job, ceiling=ceiling)


def _level() -> int:
    """Return how loud a score is told: a sweep tells of its trials itself."""
    return logging.DEBUG if in_trial() else logging.INFO
