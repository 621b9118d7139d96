"""What the callback does for a sweep: one run above all its trials, resumed with the study."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import logbook, parts
from spaceship.config import redact, resolved, usable_cores
from spaceship.errors import ConfigError
from spaceship.job import Job
from spaceship.outcome import OUTCOME
from spaceship.process import process_tags
from spaceship.report import Report
from spaceship.trial import PrunedError

_RUN = "mlflow_run_id"


def start_study(config: DictConfig, study: Any, workers: int) -> tuple[str, dict[str, Any]]:
    """Start the run above a study's trials, or go on with the one it has.

    The data are loaded once here, so that workers find them checked and stored.

    Args:
        config: The multirun's config.
        study: An Optuna study.
        workers: How many trials run at once.

    Returns:
        The run's id, and the facts that must not change while the study goes on.

    Raises:
        ConfigError: The trials would use more threads than there are cores.

    """
    _check_threads(config, workers)
    store = parts.store(config)
    store.close_orphans()
    run_id = study.user_attrs.get(_RUN)
    if run_id is None:
        run_id = logbook.start_multirun(config, study.study_name)
        study.set_user_attr(_RUN, run_id)
    else:
        store.client.update_run(run_id, status="RUNNING")
        store.set_tags(run_id, process_tags())
        OUTCOME.closers[run_id] = partial(store.end_parent, run_id)
    facts = {
        "objective": resolved(config.objective),
        "data": parts.passengers(config).digest,
        "protocol": repr(parts.protocol(config)),
    }
    return run_id, facts


def end_study(config: DictConfig, run_id: str, files: Sequence[Path], summary: str) -> None:
    """Log what a sweep found out to the run above its trials."""
    store = parts.store(config)
    for path in files:
        store.client.log_artifact(run_id, str(path))
    store.client.log_text(run_id, summary, "leaderboard.txt")


def start_trial(config: DictConfig, parent_run_id: str | None) -> None:
    """Start a trial's run: its number, its candidate and what was drawn for it."""
    job = Job.current()
    logbook.redact_saved_config(job.folder / config.hydra.output_subdir)
    choices, number = config.hydra.runtime.choices, str(config.hydra.job.num)
    tags = {"trial": number, "model": choices["model"], "features": choices["features"]}
    store = parts.store(config)
    run_id = store.start_run(f"trial-{number}-{choices['model']}", tags, parent_run_id)
    OUTCOME.closers[run_id] = partial(store.end_run, run_id)
    job.note_run(run_id)
    drawn = [str(item).split("=", 1) for item in config.hydra.overrides.task]
    store.log_params(run_id, {key: redact(value) for key, value in drawn})


def end_trial(config: DictConfig, error: Exception | None) -> None:
    """Log a trial's metrics, fold curve and state, and end its run with a true status."""
    job, store = Job.current(), parts.store(config)
    run_id = job.logged_run()
    if isinstance(error, PrunedError):
        store.log_scores(run_id, {}, error.history, {"state": "PRUNED"})
    elif error is not None:
        store.client.log_text(run_id, redact(job.note_failure(error)), "traceback.txt")
        store.set_tags(run_id, {"state": "FAILED", "error": redact(str(error))})
    else:
        report = Report.read(job.folder)
        tags = logbook.score_tags(report) | {"state": "COMPLETE"}
        store.log_scores(run_id, report.metrics, report.folds, tags)
    failed = error is not None and not isinstance(error, PrunedError)
    store.end_run(run_id, "FAILED" if failed else "FINISHED")
    OUTCOME.closers.pop(run_id, None)


def _check_threads(config: DictConfig, workers: int) -> None:
    """Refuse threads that were asked for in so many words, if they exceed the cores."""
    asked = OmegaConf.to_container(config, resolve=False)["threads"]  # type: ignore[index, call-overload]
    cores = usable_cores()
    if isinstance(asked, int) and asked > 1 and asked * workers > cores:
        message = f"expected at most {cores} threads in all, found {workers} workers of {asked}"
        raise ConfigError(f"{message} threads; leave out threads=, the sweep shares the cores")
