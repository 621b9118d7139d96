"""What the callback does for a job: start its run, log config and scores, gate the candidate."""

import logging
import shlex
import subprocess
from functools import cache
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import experiment as parts
from spaceship.config.build import ROOT, flatten, loggable, redact
from spaceship.errors import ConfigError
from spaceship.files import write_atomically
from spaceship.mode.train import conclude
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import ended_run, log_report
from spaceship.tracking.store import FOLDER_TAG

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
        with ended_run(store, job):
            log_report(store, job)
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
        "command": f"python scripts/run.py {command}".strip(),
        "mlflow.source.name": "scripts/run.py",
        **code_tags(),
    }


@cache
def code_tags() -> dict[str, str]:
    """Return which code this process has begun with."""
    sha, dirty = _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain"))
    return {"git_sha": sha or "unknown", "git_dirty": str(dirty).lower()}


def _git(*arguments: str) -> str:
    """Return what git says of the project, or nothing where there is no git or no repository."""
    command = ["git", "-C", str(ROOT), *arguments]
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
