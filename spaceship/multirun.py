"""What the callback does for a multirun: one run above all jobs, the best of them gated once."""

import hashlib
import json
import logging
import math
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from spaceship import logbook, parts
from spaceship import recipe as recipes
from spaceship.gate.verdict import VERDICT_FILE
from spaceship.job import Job
from spaceship.members import best_recipes
from spaceship.mode.train import conclude, fit_candidate, score_recipe
from spaceship.outcome import OUTCOME
from spaceship.registry import CHALLENGER, CHAMPION
from spaceship.report import THRESHOLD, Report, better, direction
from spaceship.tracking import FOLDER_TAG, Store

log = logging.getLogger(__name__)

_BLEND = "blend-"
"""What the folders of blends start with."""


def start(config: DictConfig, name: str | None = None) -> str:
    """Start the run above all jobs of a multirun and return its id."""
    store = parts.store(config)
    store.close_orphans()
    folder = Path(config.hydra.sweep.dir).absolute()
    tags = logbook.run_tags(config, "-m ") | {FOLDER_TAG: str(folder)}
    run_id = store.start_run(name or f"multirun-{folder.name}", tags)
    OUTCOME.closers[run_id] = partial(store.end_parent, run_id)
    return run_id


def end(config: DictConfig, parent_run_id: str, chosen: Path | None = None) -> None:
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
    members = best_recipes(folder, config.mode.blend, metric, report.data_digest)
    if len(members) == 1:
        return None
    settings = {"name": "blend", "method": "stack", "n_folds": 5, "bags": 1}
    recipe = recipes.blend(members, settings, report.recipe["features"])
    recipe["threshold"] = report.recipe.get("threshold", THRESHOLD)
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    blend = Job(folder / f"{_BLEND}{digest[:8]}", in_multirun=True)
    if not blend.scored:
        own = str(config.hydra.output_subdir)
        shutil.copytree(best.folder / own, blend.folder / own, dirs_exist_ok=True)
        tags = {"candidate": "blend", FOLDER_TAG: str(blend.folder)}
        run_id = store.start_run("blend", tags, parent_run_id)
        blend.note_run(run_id)
        score_recipe(cfg, blend, recipe)
        logbook.log_scores(store, blend)
        store.end_run(run_id, "FINISHED")
    return blend


def _gate_best(config: DictConfig, best: Job, store: Store, parent_run_id: str) -> None:
    """Fit, gate and log the best job; what was selected among many is challenger at the most."""
    log.info("Best job: %s", best.folder)
    cfg = _usable_config(config, best)
    if not best.fitted:
        fit_candidate(cfg, best)
    try:
        verdict = conclude(cfg, best, ceiling=CHALLENGER if logbook.is_study(config) else CHAMPION)
    finally:
        logbook.log_scores(store, best)
    tags = {"best_run_id": str(best.run_id), "award": verdict.award, "reason": verdict.reason}
    tags["best_job"] = str(best.folder)
    store.log_scores(parent_run_id, Report.read(best.folder).metrics, tags=tags)
    shutil.copy(best.folder / VERDICT_FILE, best.folder.parent)


def _usable_config(config: DictConfig, job: Job) -> DictConfig:
    """Return a job's saved config; what it may have lost is a password."""
    cfg = _saved_config(job.folder / str(config.hydra.output_subdir))
    cfg.tracking = config.tracking
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
    direction(metric)
    best, *others = jobs
    for job in others:
        mine, theirs = (Report.read(one.folder).metrics[metric] for one in (job, best))
        if better(metric, mine, theirs) or math.isnan(theirs):
            best = job
    return best
