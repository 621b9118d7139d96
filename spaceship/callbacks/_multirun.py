"""MLflow run of a multirun: the parent of its jobs; the best job is fitted and gated once."""

import logging
import math
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

import yaml

from spaceship import candidate
from spaceship.callbacks._blend import scored_blends
from spaceship.callbacks._hook import Hook
from spaceship.callbacks._multirun_result import RESULTS_FILE, multirun_result
from spaceship.callbacks._next import show_next
from spaceship.callbacks._pages import (
    fill_best_page,
    fill_parent_page,
)
from spaceship.callbacks._views import open_views
from spaceship.errors import RefusedError, SpaceshipError
from spaceship.evaluation.metrics import better
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.process.at_exit import PENDING
from spaceship.progress import Phase, numbered
from spaceship.record.run_record import RunRecord
from spaceship.registry.registry import CHALLENGER, CHAMPION
from spaceship.results import COMMAND, report_result
from spaceship.screen import Commands, show
from spaceship.tracking.best_jobs import scored_jobs
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import log_report
from spaceship.tracking.store import FOLDER_TAG
from spaceship.tracking.views import SWEEP_TAG

log = logging.getLogger(__name__)

_MIXED, _FITS, _GATE = "blend of the best", "fits of the best", "gate"
_PAGES = "pages of MLflow"
"""Steps that follow the jobs of a multirun."""


def start(hook: Hook, study: str | None = None) -> str:
    """Start the run above all jobs of a multirun, which may be a study's; return its id."""
    store = hook.experiment.store
    store.close_orphans(hook.experiment.outputs)
    folder = hook.sweep_folder
    open_views(hook)
    own = {FOLDER_TAG: str(folder), SWEEP_TAG: study or folder.name}
    run_id = store.start_run(hook.sweep_name, hook.tags(multirun=True) | own)
    COMMAND.run_id = run_id
    record(hook, run_id, RunRecord.start)
    PENDING.open_runs[run_id] = partial(store.end_parent, run_id)  # with all runs below it
    return run_id


def record(
    hook: Hook, run_id: str, begin: Callable[[Experiment, Path, str], RunRecord] = RunRecord.resume
) -> None:
    """Begin the record of the run above the jobs, or note in it that this process goes on."""
    if hook.recorded:
        hook.sweep_folder.mkdir(parents=True, exist_ok=True)
        with suppress(SpaceshipError):  # the first job ends with it
            begin(hook.experiment, hook.sweep_folder, run_id)


def end(
    hook: Hook, parent_run_id: str, chosen: Path | None = None, leaderboard: str | None = None
) -> None:
    """Fit and gate the best job of a multirun, once, and end the parent's run.

    Args:
        hook: The multirun's config.
        parent_run_id: The run above its jobs.
        chosen: Folder of the best job, where a sweeper knows it; a study's folder may also hold
            jobs that do not count.
        leaderboard: Of a study's candidates, for the page of the parent's run.

    Raises:
        RefusedError: The best job was refused, and `gate.require` is true.

    """
    from filelock import FileLock

    experiment, folder = hook.experiment, hook.sweep_folder
    metric = experiment.objectives[0]
    if chosen is not None and not Job(chosen, in_multirun=True).scored:
        _leave_gate(hook, parent_run_id, chosen)
        return
    with FileLock(folder / ".gate.lock"):
        best = Job(chosen, in_multirun=True) if chosen else _best(scored_jobs(folder), metric)
        step = partial(numbered, (*([_MIXED] if hook.blend else []), _FITS, _GATE, _PAGES))
        if best is not None and hook.blend:
            with step(_MIXED):
                best = _or_blend(hook, best, parent_run_id)
        refusal = None if best is None else _gate_best(hook, best, parent_run_id, step)
    fill_parent_page(hook, parent_run_id, best, leaderboard)
    experiment.store.end_parent(parent_run_id, "FINISHED")
    report_result(multirun_result(folder, str(hook.output_subdir), best, experiment.objectives))
    if best is not None:
        own = hook.experiment_of(best.folder)
        show_next(own, hook.choices["mode"], best.folder, hook.sweep_name)
    if refusal is not None:
        raise refusal


def _leave_gate(hook: Hook, parent_run_id: str, chosen: Path) -> None:
    """Leave the gate to the machine that ran the best trial, whose files are not on this one."""
    hook.experiment.store.end_parent(parent_run_id, "FINISHED")
    folder, objectives = hook.sweep_folder, hook.experiment.objectives
    report_result(multirun_result(folder, str(hook.output_subdir), None, objectives))
    log.info("Trial %s is the best; the machine that ran it judges it.", chosen.name)
    command = yaml.safe_load((folder / RESULTS_FILE).read_text(encoding="utf-8"))["command"]
    show(log, Commands({"only if that machine is gone, train the same here": command}))


def _or_blend(hook: Hook, best: Job, parent_run_id: str) -> Job:
    """Return the best of the best job and this multirun's blends, one of them made now.

    A blend that fails is logged; the best job goes to the gate all the same.
    """
    try:
        blends = scored_blends(hook, best, parent_run_id)
    except Exception as error:  # noqa: BLE001
        log.warning("The blend failed, the best job goes to the gate: %s", error)
        return best
    chosen = _best([best, *blends], hook.experiment.objectives[0]) or best
    if blends:
        log.info("The blend is %s.", "no better" if chosen == best else "better")
    return chosen


def _gate_best(
    hook: Hook, best: Job, parent_run_id: str, step: Callable[[str], AbstractContextManager[Phase]]
) -> RefusedError | None:
    """Fit, gate and log the best job; return the refusal if `gate.require` forbids it.

    The best of many trials of a sweep becomes challenger at the most. A job that has a verdict
    keeps it: a sweep that was killed after the verdict only logs it.
    """
    log.info("Best: %s", Report.read(best.folder).name)
    log.debug("Best job: %s", best.folder)
    experiment, refusal = hook.experiment_of(best.folder), None
    if not best.fitted and not (best.folder / VERDICT_FILE).exists():
        with step(_FITS):
            candidate.fit(experiment, best, len(scored_jobs(best.folder.parent)))
    with step(_GATE):
        try:
            candidate.judge(experiment, best, CHALLENGER if hook.is_study else CHAMPION)
        except RefusedError as error:
            refusal = error
        finally:
            log_report(experiment.store, best)
    with step(_PAGES):
        fill_best_page(experiment, best, parent_run_id)
    verdict, report = Verdict.read(best.folder), Report.read(best.folder)
    tags = {"best_run_id": str(best.run_id), "award": str(verdict.award), "reason": verdict.reason}
    tags |= {"best_job": str(best.folder), "best": report.name}
    experiment.store.log_scores(parent_run_id, report.metrics, tags=tags)
    shutil.copy(best.folder / VERDICT_FILE, best.folder.parent)
    return refusal


def _best(jobs: Sequence[Job], metric: str) -> Job | None:
    """Return the job whose report is best by a metric; the first one among equals."""
    best: tuple[float, Job] | None = None
    for job in jobs:
        value = Report.read(job.folder).metrics[metric]
        if best is None or better(metric, value, best[0]) or math.isnan(best[0]):
            best = value, job
    return None if best is None else best[1]
