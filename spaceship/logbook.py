"""What the callback does for a job: start its run, log config and scores, gate the candidate."""

import logging
import shlex
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import parts
from spaceship.config import ROOT, flatten, loggable, redact
from spaceship.errors import RefusedError
from spaceship.gate.verdict import VERDICT_FILE
from spaceship.job import FAILURE_FILE, Job
from spaceship.mode.train import conclude
from spaceship.outcome import OUTCOME
from spaceship.record import write_atomically, write_json
from spaceship.report import Report
from spaceship.tracking import FOLDER_TAG, Store

log = logging.getLogger(__name__)

CONFIG_FILE = "config.yaml"


def is_study(config: DictConfig) -> bool:
    """Tell whether this multirun is a sweep of this project's own sweeper."""
    target = config.hydra.sweeper.get("_target_") if config.hydra.sweeper else None
    return str(target).startswith("hydra_plugins.spaceship_optuna.")


def start_job(config: DictConfig, parent_run_id: str | None) -> None:
    """Start the run of the job Hydra is about to run, if its mode is worth a run."""
    job, cfg = Job.current(), _task_config(config)
    redact_saved_config(job.folder / config.hydra.output_subdir)
    if not cfg.mode.get("logged", True):
        return
    store = parts.store(cfg)
    if parent_run_id is None:
        store.close_orphans()
    tags = run_tags(config) | {FOLDER_TAG: str(job.folder)}
    run_id = store.start_run(_run_name(config), tags, parent_run_id)
    OUTCOME.closers[run_id] = partial(store.end_run, run_id)
    job.note_run(run_id)
    plain = loggable(cfg)
    store.log_params(run_id, flatten(plain))
    store.client.log_text(run_id, OmegaConf.to_yaml(plain), CONFIG_FILE)


def end_job(config: DictConfig, error: Exception | None) -> None:
    """Log what the job measured, gate what it fitted, and end its run with a true status."""
    job, cfg = Job.current(), _task_config(config)
    if job.run_id is None:
        return
    store = parts.store(cfg)
    try:
        if error is None:
            log_scores(store, job)
            _gate(cfg, job)
    except Exception as failure:
        error = failure
        raise
    finally:
        _end(store, job, error)


def _gate(cfg: DictConfig, job: Job) -> None:
    if not job.fitted or (job.folder / VERDICT_FILE).exists():
        return
    try:
        conclude(cfg, job)
    except RefusedError:
        raise
    except Exception as failure:
        content = {"award": "refused", "reason": f"The gate failed: {failure}", "rule": "failure"}
        write_json(job.folder / VERDICT_FILE, content | {"numbers": {}, "checks": []})
        raise


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


def _end(store: Store, job: Job, error: Exception | None) -> None:
    run_id = job.logged_run()
    refused = isinstance(error, RefusedError)
    if error is not None and not refused:
        store.client.log_text(run_id, redact(job.note_failure(error)), "traceback.txt")
        store.client.log_artifact(run_id, str(job.folder / FAILURE_FILE))
    store.end_run(run_id, "FINISHED" if error is None or refused else "FAILED")
    OUTCOME.closers.pop(run_id, None)


def _run_name(config: DictConfig) -> str:
    choices = config.hydra.runtime.choices
    names = [choices["mode"], choices["model"], choices["features"], choices["data"]]
    if not OmegaConf.is_missing(config.hydra.job, "num"):
        names.append(str(config.hydra.job.num))
    return "-".join(names)


def run_tags(config: DictConfig, flags: str = "") -> dict[str, str]:
    """Return the tags every run has: what was asked for, on which code."""
    asked: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    overrides = [redact(str(item)) for item in asked]
    sha, dirty = _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain"))
    return {
        "mode": config.hydra.runtime.choices["mode"],
        "command": f"python scripts/run.py {flags}{shlex.join(overrides)}".strip(),
        "git_sha": sha or "unknown",
        "git_dirty": str(dirty).lower(),
        "mlflow.source.name": "scripts/run.py",
    }


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


def redact_saved_config(folder: Path) -> None:
    """Take passwords in URIs out of what Hydra has saved of the config."""
    for path in folder.glob("*.yaml"):
        text = path.read_text()
        if (clean := redact(text)) != text:
            write_atomically(path, clean)
