"""MLflow runs of jobs: started with the config, ended with scores and the gate's verdict."""

import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import candidate
from spaceship.config.build import ROOT, flatten, loggable, redact
from spaceship.errors import ConfigError
from spaceship.experiment import Experiment
from spaceship.files import write_atomically
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import ended, log_scores
from spaceship.tracking.store import FOLDER_TAG

CONFIG_FILE = "config.yaml"


def is_study(config: DictConfig) -> bool:
    """Return whether a multirun is a sweep of this project's own sweeper.

    >>> is_study(OmegaConf.create({"hydra": {"sweeper": None}}))
    False
    """
    target = config.hydra.sweeper.get("_target_") if config.hydra.sweeper else None
    return str(target).startswith("hydra_plugins.spaceship_optuna.")


def start_job(config: DictConfig, parent_run_id: str | None) -> None:
    """Start the run of the job Hydra is about to run, unless its mode is not logged."""
    experiment = Experiment.of_job(config)
    redact_saved_config(config, experiment.job)
    if not config.mode.get("logged", True):
        return
    store, job = experiment.store, experiment.job
    if parent_run_id is None:
        store.close_orphans()
    tags = run_tags(config) | {FOLDER_TAG: str(job.folder)}
    run_id = store.start_run(_run_name(config), tags, parent_run_id)
    job.note_run(run_id)
    plain = loggable(_without_hydra(config))
    store.log_params(run_id, flatten(plain))
    store.client.log_text(run_id, OmegaConf.to_yaml(plain), CONFIG_FILE)


def end_job(config: DictConfig, error: Exception | None) -> None:
    """Log the job's scores, gate the candidate it fitted, and end its run with a true status.

    Args:
        config: The job's config.
        error: Raised by the job's task; it is logged here and raised elsewhere.

    """
    job = Job.current()
    if job.run_id is None:
        return
    experiment = Experiment.of_job(config)
    try:
        with ended(experiment.store, job):
            log_scores(experiment.store, job)
            _gate(experiment, error)
    except Exception as failure:
        if failure is not error:
            raise


def _gate(experiment: Experiment, error: Exception | None) -> None:
    """Judge the candidate that the job fitted; raise the error of a task that failed."""
    if error is not None:
        raise error
    if experiment.job.fitted:
        candidate.judge(experiment, experiment.job)


def run_tags(config: DictConfig, *, multirun: bool = False) -> dict[str, str]:
    """Return the tags of every run: mode, command and code.

    The command of a multirun holds its overrides of Hydra too: sweeper, launcher, their settings.
    """
    overrides: Any = OmegaConf.to_container(config.hydra.overrides, resolve=False)
    of_hydra = [item for item in overrides["hydra"] if not item.startswith("hydra.mode=")]
    words = [*(["-m", *of_hydra] if multirun else []), *overrides["task"]]
    command = shlex.join(redact(str(word)) for word in words)
    return {
        "mode": config.hydra.runtime.choices["mode"],
        "command": f"python scripts/run.py {command}".strip(),
        "mlflow.source.name": "scripts/run.py",
        **code_tags(),
    }


@cache
def code_tags() -> dict[str, str]:
    """Return the commit of the code that this process started with, and if it has changes."""
    sha, dirty = _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain"))
    return {"git_sha": sha or "unknown", "git_dirty": str(dirty).lower()}


def redact_saved_config(config: DictConfig, job: Job) -> None:
    """Remove passwords in URIs from the YAML files that Hydra has saved for a job.

    Raises:
        ConfigError: A job of a multirun has no such files, which the best job is fitted from.

    """
    subfolder = config.hydra.output_subdir
    if subfolder is None:
        if job.in_multirun:
            message = "expected hydra.output_subdir to name a folder in a multirun, found null"
            raise ConfigError(f"{message}: the best job is fitted from what it holds; leave it out")
        return
    for path in (job.folder / str(subfolder)).glob("*.yaml"):
        text = path.read_text()
        if (clean := redact(text)) != text:
            write_atomically(path, clean)


def _run_name(config: DictConfig) -> str:
    choices = config.hydra.runtime.choices
    names = [choices["mode"], choices["model"], choices["features"], choices["data"]]
    if not OmegaConf.is_missing(config.hydra.job, "num"):
        names.append(str(config.hydra.job.num))
    return "-".join(names)


def _without_hydra(config: DictConfig) -> DictConfig:
    """Return the config without Hydra's own node, as the task sees it."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def _git(*arguments: str) -> str:
    """Return the output of git on the project; empty where there is no git or no repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def saved_config(folder: Path) -> DictConfig:
    """Return the config that Hydra saved in a job's `hydra.output_subdir`."""
    cfg = OmegaConf.load(folder / CONFIG_FILE)
    assert isinstance(cfg, DictConfig)  # noqa: S101
    return cfg
