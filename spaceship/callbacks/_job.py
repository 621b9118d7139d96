"""What the callback does for a job: start its run, log config and scores, gate the candidate."""

import logging
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import experiment as parts
from spaceship.config.build import flatten, redact
from spaceship.config.installation import program, repository
from spaceship.config.secrets import loggable
from spaceship.errors import ConfigError, RefusedError
from spaceship.evaluation.report import Report
from spaceship.files import write_atomically
from spaceship.mode.train import conclude
from spaceship.tracking.job import FAILURE_FILE, Job
from spaceship.tracking.store import FOLDER_TAG, Store

log = logging.getLogger(__name__)

CONFIG_FILE = "config.yaml"


def is_study(config: DictConfig) -> bool:
    """Tell whether this multirun is a sweep of this project's own sweeper."""
    target = config.hydra.sweeper.get("_target_") if config.hydra.sweeper else None
    return str(target).startswith("hydra_plugins.spaceship_optuna.")


def start_job(config: DictConfig, parent_run_id: str | None) -> None:
    """Start the run of the job Hydra is about to run, if its mode is worth a run."""
    job, cfg = Job.current(), _task_config(config)
    redact_saved_config(config, job)
    if not cfg.mode.get("logged", True):
        return
    store = parts.store(cfg)
    if parent_run_id is None:
        store.close_orphans()
    tags = run_tags(config) | {FOLDER_TAG: str(job.folder)}
    run_id = store.start_run(_run_name(config), tags, parent_run_id)
    job.note_run(run_id)
    plain = loggable(cfg)
    store.log_params(run_id, flatten(plain))
    store.client.log_text(run_id, OmegaConf.to_yaml(plain), CONFIG_FILE)


def end_job(config: DictConfig, error: Exception | None) -> None:
    """Log what the job measured, gate what it fitted, and end its run with a true status.

    Args:
        config: The job's config.
        error: What its task raised; it is logged, and raised by others.

    """
    job, cfg = Job.current(), _task_config(config)
    if job.run_id is None:
        return
    store = parts.store(cfg)
    try:
        with _ended(store, job):
            log_scores(store, job)
            _gate(cfg, job, error)
    except Exception as failure:
        if failure is not error:
            raise


def _gate(cfg: DictConfig, job: Job, error: Exception | None) -> None:
    """Gate what the job fitted, unless its task has failed: then that is its end."""
    if error is not None:
        raise error
    if job.fitted:
        conclude(cfg, job)


@contextmanager
def run_of(
    job: Job, store: Store, name: str, tags: Mapping[str, str], parent_run_id: str | None = None
) -> Iterator[None]:
    """Log a job that Hydra does not run itself as a run, which ends with a true status."""
    own = {FOLDER_TAG: str(job.folder), **tags}
    job.note_run(store.start_run(name, own, parent_run_id))
    with _ended(store, job):
        yield


def log_scores(store: Store, job: Job) -> None:
    """Log the report's metrics, the folds' as a curve over steps, and what it was made of."""
    if not job.scored:
        return
    report, run_id = Report.read(job.folder), job.logged_run()
    store.log_scores(run_id, report.metrics, report.folds, score_tags(report))
    store.client.log_artifact(run_id, str(job.folder / "report.json"))


def score_tags(report: Report) -> dict[str, str]:
    """Return the tags that tell what figures were made of."""
    source = {"data_source": report.data_source, "data_digest": report.data_digest}
    return source | {"candidate": report.name}


@contextmanager
def _ended(store: Store, job: Job) -> Iterator[None]:
    """End a job's run after the block, with the traceback of what it raises; a refusal is none.

    What interrupts the process is left to whoever closes all its runs.
    """
    run_id = job.logged_run()
    try:
        yield
    except RefusedError:
        store.end_run(run_id, "FINISHED")
        raise
    except Exception as error:
        store.client.log_text(run_id, redact(job.note_failure(error)), "traceback.txt")
        store.client.log_artifact(run_id, str(job.folder / FAILURE_FILE))
        store.end_run(run_id, "FAILED")
        raise
    store.end_run(run_id, "FINISHED")


def _run_name(config: DictConfig) -> str:
    choices = config.hydra.runtime.choices
    names = [choices["mode"], choices["model"], choices["features"], choices["data"]]
    if not OmegaConf.is_missing(config.hydra.job, "num"):
        names.append(str(config.hydra.job.num))
    return "-".join(names)


def run_tags(config: DictConfig, *, multirun: bool = False) -> dict[str, str]:
    """Return the tags every run has: what was asked for, on which code.

    A multirun's run names what was asked of Hydra too: sweeper, launcher and their settings.
    """
    asked: Any = OmegaConf.to_container(config.hydra.overrides, resolve=False)
    of_hydra = [item for item in asked["hydra"] if not item.startswith("hydra.mode=")]
    words = [*(["-m", *of_hydra] if multirun else []), *asked["task"]]
    command = shlex.join(redact(str(word)) for word in words)
    return {
        "mode": config.hydra.runtime.choices["mode"],
        "command": f"{program()} {command}".strip(),
        "mlflow.source.name": program().removeprefix("python "),
        **code_tags(),
    }


@cache
def code_tags() -> dict[str, str]:
    """Return commit and cleanness of the checkout at the start; nothing without a repository."""
    root = repository()
    if root is None:
        return {}
    sha, dirty = _git(root, "rev-parse", "HEAD"), bool(_git(root, "status", "--porcelain"))
    return {"git_sha": sha or "unknown", "git_dirty": str(dirty).lower()}


def _git(root: Path, *arguments: str) -> str:
    """Return git's answer about a repository, or nothing where there is no git."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _task_config(config: DictConfig) -> DictConfig:
    """Return the config without Hydra's own node, as the task sees it."""
    plain = OmegaConf.to_container(config, resolve=False)
    plain.pop("hydra", None)  # type: ignore[union-attr, call-arg, arg-type]
    return OmegaConf.create(plain)  # type: ignore[return-value]


def redact_saved_config(config: DictConfig, job: Job) -> None:
    """Take passwords in URIs out of what Hydra has saved of the config.

    Raises:
        ConfigError: It saves nothing of a multirun's job, whose config is needed again.

    """
    if (subfolder := config.hydra.output_subdir) is None:
        if job.in_multirun:
            message = "expected hydra.output_subdir to name a folder in a multirun, found null"
            raise ConfigError(f"{message}: the best job is fitted from what it holds; leave it out")
        return
    for path in (job.folder / str(subfolder)).glob("*.yaml"):
        text = path.read_text()
        if (clean := redact(text)) != text:
            write_atomically(path, clean)
