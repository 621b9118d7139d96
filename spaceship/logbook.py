"""What the callback does at each hook: start runs, log configs and scores, gate candidates."""

import hashlib
import json
import logging
import math
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import parts
from spaceship.config import ROOT, flatten, loggable, redact
from spaceship.errors import RefusedError
from spaceship.gate._base import VERDICT_FILE
from spaceship.job import FAILURE_FILE, Job
from spaceship.members import best_recipes
from spaceship.mode.train import conclude, fit_candidate, score_recipe
from spaceship.outcome import OUTCOME
from spaceship.record import write_atomically, write_json
from spaceship.registry import CHALLENGER, CHAMPION
from spaceship.report import Report, better, direction
from spaceship.tracking import Store

log = logging.getLogger(__name__)

CONFIG_FILE = "config.yaml"


def is_study(config: DictConfig) -> bool:
    """Tell whether this multirun is a sweep of this project's own sweeper."""
    return str(config.hydra.sweeper._target_).startswith("hydra_plugins.spaceship_optuna.")


def start_multirun(config: DictConfig, name: str | None = None) -> str:
    """Start the run above all jobs of a multirun and return its id."""
    store = parts.store(config)
    store.close_orphans()
    folder = Path(config.hydra.sweep.dir).absolute()
    tags = _tags(config, "-m ") | {"folder": str(folder)}
    run_id = store.start_run(name or f"multirun-{folder.name}", tags)
    OUTCOME.closers[run_id] = partial(store.end_parent, run_id)
    return run_id


def start_job(config: DictConfig, parent_run_id: str | None) -> None:
    """Start the run of the job Hydra is about to run, if its mode is worth a run."""
    job, cfg = Job.current(), _task_config(config)
    redact_saved_config(job.folder / config.hydra.output_subdir)
    if not cfg.mode.get("logged", True):
        return
    store = parts.store(cfg)
    if parent_run_id is None:
        store.close_orphans()
    run_id = store.start_run(_run_name(config), _tags(config), parent_run_id)
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
            _log_scores(store, job)
            _gate(cfg, job)
    except Exception as failure:
        error = failure
        raise
    finally:
        _end(store, job, error)


def end_multirun(config: DictConfig, parent_run_id: str, chosen: Path | None = None) -> None:
    """Fit and gate the best job of a multirun, once, and end the parent's run.

    Args:
        config: The multirun's config.
        parent_run_id: The run above its jobs.
        chosen: Folder of the best job, where a sweeper knows it; a study's folder may also hold
            jobs that do not count.

    """
    from filelock import FileLock

    store, folder = parts.store(config), Path(config.hydra.sweep.dir)
    with FileLock(folder / ".gate.lock"):
        best = Job(chosen, in_multirun=True) if chosen else _best_of(config, folder)
        if best is not None and config.mode.get("blend"):
            best = _or_blend(config, best, store, parent_run_id)
        if best is not None and not (best.folder / VERDICT_FILE).exists():
            _gate_best(config, best, store, parent_run_id)
    store.end_parent(parent_run_id, "FINISHED")
    OUTCOME.closers.pop(parent_run_id, None)


def _or_blend(config: DictConfig, best: Job, store: Store, parent_run_id: str) -> Job:
    """Return a blend of the best jobs, one of each candidate first, if it is better than all."""
    cfg, folder = _usable_config(config, best), Path(config.hydra.sweep.dir)
    report, metric = Report.read(best.folder), parts.objectives(config)[0]
    members = best_recipes(folder, config.mode.blend, metric, report.data_digest)
    if len(members) == 1:
        return best
    settings = {"name": "blend", "method": "stack", "n_folds": 5, "bags": 1}
    recipe = parts.blend_recipe(members, settings, report.recipe["features"])
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    blend = Job(folder / f"blend-{digest[:8]}", in_multirun=True)
    if not blend.scored:
        own = str(config.hydra.output_subdir)
        shutil.copytree(best.folder / own, blend.folder / own, dirs_exist_ok=True)
        run_id = store.start_run("blend", {"candidate": "blend"}, parent_run_id)
        blend.note_run(run_id)
        score_recipe(cfg, blend, recipe)
        _log_scores(store, blend)
        store.end_run(run_id, "FINISHED")
    chosen = _best([best, blend], metric)
    log.info("The blend is %s.", "better" if chosen == blend else "no better")
    return chosen


def _usable_config(config: DictConfig, job: Job) -> DictConfig:
    """Return a job's saved config; what it may have lost is a password."""
    cfg = _saved_config(job.folder / str(config.hydra.output_subdir))
    cfg.tracking = config.tracking
    return cfg


def _gate_best(config: DictConfig, best: Job, store: Store, parent_run_id: str) -> None:
    """Fit, gate and log the best job; what was selected among many is challenger at the most."""
    log.info("Best job: %s", best.folder)
    cfg = _usable_config(config, best)
    if not best.fitted:
        fit_candidate(cfg, best)
    try:
        verdict = conclude(cfg, best, ceiling=CHALLENGER if is_study(config) else CHAMPION)
    finally:
        _log_scores(store, best)
    tags = {"best_run_id": str(best.run_id), "award": verdict.award, "reason": verdict.reason}
    tags["best_job"] = str(best.folder)
    store.log_scores(parent_run_id, Report.read(best.folder).metrics, tags=tags)
    shutil.copy(best.folder / VERDICT_FILE, best.folder.parent)


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


def _log_scores(store: Store, job: Job) -> None:
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


def _best_of(config: DictConfig, folder: Path) -> Job | None:
    jobs = _scored_jobs(folder)
    return _best(jobs, parts.objectives(config)[0]) if jobs else None


def _scored_jobs(folder: Path) -> Sequence[Job]:
    jobs = [Job(child, in_multirun=True) for child in sorted(folder.iterdir()) if child.is_dir()]
    return [job for job in jobs if job.scored]


def _best(jobs: Sequence[Job], metric: str) -> Job:
    """Return the job whose report is best by the objective; the first one among equals."""
    direction(metric)
    best, *others = jobs
    for job in others:
        mine, theirs = (Report.read(one.folder).metrics[metric] for one in (job, best))
        if better(metric, mine, theirs) or math.isnan(theirs):
            best = job
    return best


def _run_name(config: DictConfig) -> str:
    choices = config.hydra.runtime.choices
    names = [choices["mode"], choices["model"], choices["features"], choices["data"]]
    if not OmegaConf.is_missing(config.hydra.job, "num"):
        names.append(str(config.hydra.job.num))
    return "-".join(names)


def _tags(config: DictConfig, flags: str = "") -> dict[str, str]:
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


def _saved_config(folder: Path) -> DictConfig:
    """Return the config that Hydra saved for a job."""
    cfg = OmegaConf.load(folder / CONFIG_FILE)
    assert isinstance(cfg, DictConfig)  # noqa: S101
    return cfg


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
