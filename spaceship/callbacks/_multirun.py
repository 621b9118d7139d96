"""What the callback does for a multirun: one run above all jobs, the best of them gated once."""

import hashlib
import json
import logging
import math
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import experiment as parts
from spaceship.at_exit import OUTCOME
from spaceship.callbacks import _job as logbook
from spaceship.config.installation import configs
from spaceship.errors import RefusedError
from spaceship.evaluation.report import THRESHOLD, Report, better
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.mode.train import conclude, fit_candidate, score_recipe
from spaceship.model import recipe as recipes
from spaceship.registry.registry import CHALLENGER, CHAMPION
from spaceship.tracking.best_jobs import best_recipes
from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG, Store

log = logging.getLogger(__name__)

_BLEND = "blend-"
"""What the folders of blends start with."""


def start(config: DictConfig, name: str | None = None) -> str:
    """Start the run above all jobs of a multirun and return its id."""
    store = parts.store(config)
    store.close_orphans()
    folder = Path(config.hydra.sweep.dir).absolute()
    tags = logbook.run_tags(config, multirun=True) | {FOLDER_TAG: str(folder)}
    run_id = store.start_run(name or f"multirun-{folder.name}", tags)
    OUTCOME.closers[run_id] = partial(store.end_parent, run_id)  # what runs below it ends, too
    return run_id


def end(config: DictConfig, parent_run_id: str, chosen: Path | None = None) -> None:
    """Fit and gate the best job of a multirun, once, and end the parent's run.

    Args:
        config: The multirun's config.
        parent_run_id: The run above its jobs.
        chosen: Folder of the best job, where a sweeper knows it; a study's folder may also hold
            jobs that do not count.

    Raises:
        RefusedError: It was refused, and the gate requires otherwise.

    """
    from filelock import FileLock

    store, folder = parts.store(config), Path(config.hydra.sweep.dir)
    with FileLock(folder / ".gate.lock"):
        best = Job(chosen, in_multirun=True) if chosen else _best_of(config, folder)
        if best is not None and config.mode.get("blend"):
            best = _or_blend(config, best, store, parent_run_id)
        refusal = None if best is None else _gate_best(config, best, store, parent_run_id)
    store.end_parent(parent_run_id, "FINISHED")
    if refusal is not None:
        raise refusal


def _or_blend(config: DictConfig, best: Job, store: Store, parent_run_id: str) -> Job:
    """Return the best of this multirun's blends, one of them made now, if it is better than all.

    A blend that fails costs nothing but itself.
    """
    try:
        made = _blend(config, best, store, parent_run_id)
    except Exception as error:  # noqa: BLE001 - the best job is gated all the same
        log.warning("The blend failed, the best job goes to the gate: %s", error)
        return best
    if made is None:
        return best
    blends = [job for job in _scored_jobs(best.folder.parent) if job.folder.name.startswith(_BLEND)]
    chosen = _best([best, *blends], parts.objectives(config)[0])
    log.info("The blend is %s.", "no better" if chosen == best else "better")
    return chosen


def _blend(config: DictConfig, best: Job, store: Store, parent_run_id: str) -> Job | None:
    """Return a blend of the best jobs, the best of each candidate first; None of a single one."""
    cfg, folder = _usable_config(config, best), Path(config.hydra.sweep.dir)
    report, metric = Report.read(best.folder), parts.objectives(config)[0]
    members = best_recipes(folder, config.mode.blend, metric, report)
    if len(members) == 1:
        return None
    settings: Any = OmegaConf.load(configs() / "model" / "blend.yaml")
    recipe = recipes.blend(members, settings, report.recipe["features"])
    recipe["threshold"] = report.recipe.get("threshold", THRESHOLD)
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    blend = Job(folder / f"{_BLEND}{digest[:8]}", in_multirun=True)
    if not blend.scored:
        own = blend.folder / str(config.hydra.output_subdir)
        own.mkdir(parents=True, exist_ok=True)
        shutil.copy(best.folder / own.name / logbook.CONFIG_FILE, own)
        with logbook.run_of(blend, store, "blend", {"candidate": "blend"}, parent_run_id):
            score_recipe(cfg, blend, recipe)
            logbook.log_scores(store, blend)
    return blend


def _gate_best(
    config: DictConfig, best: Job, store: Store, parent_run_id: str
) -> RefusedError | None:
    """Fit, gate and log the best job; return the refusal that the gate requires not to happen.

    What a sweep has selected among many is challenger at the most. A job that has been judged keeps
    its verdict: a sweep that was killed since then only logs it.
    """
    log.info("Best job: %s", best.folder)
    cfg, refusal = _usable_config(config, best), None
    if not best.fitted and not (best.folder / VERDICT_FILE).exists():
        fit_candidate(cfg, best)
    try:
        conclude(cfg, best, ceiling=CHALLENGER if logbook.is_study(config) else CHAMPION)
    except RefusedError as error:
        refusal = error
    finally:
        logbook.log_scores(store, best)
    verdict = Verdict.read(best.folder)
    tags = {"best_run_id": str(best.run_id), "award": verdict.award, "reason": verdict.reason}
    tags["best_job"] = str(best.folder)
    store.log_scores(parent_run_id, Report.read(best.folder).metrics, tags=tags)
    shutil.copy(best.folder / VERDICT_FILE, best.folder.parent)
    return refusal


def _usable_config(config: DictConfig, job: Job) -> DictConfig:
    """Return a job's saved config; what it may have lost is a password.

    A sweep may have been resumed under another gate than the job was run with: the latest counts.
    """
    cfg = _saved_config(job.folder / str(config.hydra.output_subdir))
    cfg.tracking = config.tracking
    if logbook.is_study(config):
        cfg.gate, cfg.reason = config.gate, config.reason
    return cfg


def _saved_config(folder: Path) -> DictConfig:
    """Return the config that Hydra saved for a job."""
    cfg = OmegaConf.load(folder / logbook.CONFIG_FILE)
    assert isinstance(cfg, DictConfig)  # noqa: S101
    return cfg


def _best_of(config: DictConfig, folder: Path) -> Job | None:
    jobs = _scored_jobs(folder)
    return _best(jobs, parts.objectives(config)[0]) if jobs else None


def _scored_jobs(folder: Path) -> Sequence[Job]:
    jobs = [Job(child, in_multirun=True) for child in sorted(folder.iterdir()) if child.is_dir()]
    return [job for job in jobs if job.scored]


def _best(jobs: Sequence[Job], metric: str) -> Job:
    """Return the job whose report is best by the objective; the first one among equals."""
    best, *others = jobs
    for job in others:
        mine, theirs = (Report.read(one.folder).metrics[metric] for one in (job, best))
        if better(metric, mine, theirs) or math.isnan(theirs):
            best = job
    return best
