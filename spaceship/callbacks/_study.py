"""What the callback does for a sweep: one run above all its trials, resumed with the study."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.trial import PrunedError
from spaceship import experiment as parts
from spaceship.at_exit import PENDING
from spaceship.callbacks import _job as logbook
from spaceship.callbacks import _multirun as multirun
from spaceship.config.build import redact, resolved, usable_cores
from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.files import clear_unfinished
from spaceship.process import process_tags
from spaceship.tracking.best_jobs import STUDY_TAG, check_count
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import score_tags
from spaceship.tracking.store import FOLDER_TAG, Store

_RUN = "mlflow_run_id"
_STORES: dict[str, Store] = {}
"""The store of each trial's run that is under way, whose settings take a millisecond to resolve."""


def study_facts(config: DictConfig, workers: int) -> dict[str, Any]:
    """Return what must not change while a study goes on; what is wrong with it is told here.

    The data are loaded once here, so that workers find them checked and stored.

    Args:
        config: The multirun's config.
        workers: How many trials run at once.

    Raises:
        ConfigError: The trials would use more threads than there are cores, or a part of the config
            cannot be built.

    """
    _check_threads(config, workers)
    parts.objectives(config)
    parts.gate(config)
    if (blend := config.mode.get("blend")) is not None:
        check_count(blend)
    return {
        "objective": resolved(config.objective),
        "data": parts.passengers(config).digest,
        "split": resolved(config.split),
        "seed": config.seed,
    }


def start_study(config: DictConfig, study: Any) -> str:
    """Start the run above a study's trials, or go on with the one it has; return its id."""
    store = parts.store(config)
    store.close_orphans()
    run_id = study.user_attrs.get(_RUN)
    if run_id is None:
        run_id = multirun.start(config, study.study_name)
        study.set_user_attr(_RUN, run_id)
    else:
        store.client.update_run(run_id, status="RUNNING")
        store.set_tags(run_id, process_tags())
        PENDING.open_runs[run_id] = partial(store.end_parent, run_id)
    store.set_tags(run_id, {STUDY_TAG: study.study_name})
    return str(run_id)


def end_study(config: DictConfig, run_id: str, files: Sequence[Path], summary: str) -> None:
    """Log what a sweep found out to the run above its trials."""
    store = parts.store(config)
    for path in files:
        store.client.log_artifact(run_id, str(path))
    store.client.log_text(run_id, summary, "leaderboard.txt")


def start_trial(config: DictConfig, parent_run_id: str | None) -> None:
    """Start a trial's run: its number, its candidate and what was drawn for it."""
    job = Job.current()
    logbook.redact_saved_config(config, job)
    choices, number = config.hydra.runtime.choices, str(config.hydra.job.num)
    tags = {"trial": number, "model": choices["model"], "features": choices["features"]}
    tags |= {FOLDER_TAG: str(job.folder), **logbook.code_tags()}
    store = parts.store(config)
    run_id = store.start_run(f"trial-{number}-{choices['model']}", tags, parent_run_id)
    _STORES[run_id] = store
    job.note_run(run_id)
    drawn = [str(item).partition("=") for item in config.hydra.overrides.task]
    store.log_params(run_id, {key: redact(value) for key, _, value in drawn})


def end_trial(config: DictConfig, error: Exception | None) -> None:
    """Log a trial's metrics, fold curve and state, and end its run with a true status."""
    job = Job.current()
    run_id = job.logged_run()
    store = _STORES.pop(run_id, None) or parts.store(config)
    if error is None:
        error = _unusable(config, job)
    if isinstance(error, PrunedError):
        store.log_scores(run_id, {}, error.history, {"state": "PRUNED"})
    elif error is not None:
        store.client.log_text(run_id, redact(job.note_failure(error)), "traceback.txt")
        store.set_tags(run_id, {"state": "FAILED", "error": redact(str(error))})
    else:
        report = Report.read(job.folder)
        tags = score_tags(report) | {"state": "COMPLETE"}
        store.log_scores(run_id, report.metrics, report.folds, tags)
    failed = error is not None and not isinstance(error, PrunedError)
    store.end_run(run_id, "FAILED" if failed else "FINISHED")


def lose_trial(config: DictConfig, folder: Path) -> None:
    """End the run of a trial whose worker died over it, which could not do so itself."""
    clear_unfinished(folder)
    store, run_id = parts.store(config), Job(folder, in_multirun=True).run_id
    if run_id is not None:
        reason = "its worker died: killed, out of memory, or ended by the job itself"
        store.client.log_text(run_id, f"No traceback, {reason}.\n", "traceback.txt")
        store.set_tags(run_id, {"state": "FAILED", "error": reason})
        store.end_run(run_id, "FAILED")


def _unusable(config: DictConfig, job: Job) -> Exception | None:
    """Return what is wrong with a job that ended without an error, if anything is."""
    if not job.scored:
        return ConfigError("expected the job to score a candidate, found no report; use mode=train")
    metrics = Report.read(job.folder).metrics
    nans = [name for name in parts.objectives(config) if math.isnan(metrics[name])]
    return ArithmeticError(f"the objective is NaN: {', '.join(nans)}") if nans else None


def _check_threads(config: DictConfig, workers: int) -> None:
    """Refuse threads that were asked for in so many words, if they exceed the cores; -1 is all."""
    asked = OmegaConf.to_container(config, resolve=False)["threads"]  # type: ignore[index, call-overload]
    cores = usable_cores()
    taken = cores if asked == -1 else asked
    if isinstance(taken, int) and taken > 1 and taken * workers > cores:
        message = f"expected at most {cores} threads in all, found {workers} workers of {asked}"
        raise ConfigError(f"{message} threads; leave out threads=, the sweep shares the cores")
