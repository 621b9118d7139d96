"""MLflow runs of an Optuna study: a parent run, one child per trial, reopened on resume."""

import math
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_plugins.spaceship_optuna import Objective, StudyTerms
from hydra_plugins.spaceship_optuna.config_text import node_of
from hydra_plugins.spaceship_optuna.process import usable_cores
from hydra_plugins.spaceship_optuna.trial import PrunedError
from spaceship import candidate
from spaceship.callbacks import _multirun as multirun
from spaceship.callbacks._blend import start_recipes
from spaceship.callbacks._hook import Hook
from spaceship.callbacks._job import redact_saved_config
from spaceship.callbacks._pages import trial_note
from spaceship.config.allow_list import PYPROJECT, own_prefixes
from spaceship.config.installation import PACKAGE, code_digest, package_folder
from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import direction
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.files import clear_unfinished
from spaceship.process.at_exit import PENDING
from spaceship.record.code import CODE_TAG, Code, code_tags
from spaceship.record.environment import ENVIRONMENT_FILES, ENVIRONMENT_TAG, note_environment
from spaceship.results import COMMAND
from spaceship.tracking.best_jobs import STUDY_TAG, check_count
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import score_tags
from spaceship.tracking.store import FOLDER_TAG, run_name, run_params, run_tags
from spaceship.tracking.tag_names import own_tags
from spaceship.tracking.trial_runs import (
    LatestTrials,
    TrialRun,
    pending_folders,
    pending_run,
    write_runs,
)
from spaceship.tracking.views import NOTE

if TYPE_CHECKING:
    from optuna import Study

_RUN = "mlflow_run_id"
_CODE = ("features", "model", "split", "task")


_WITHOUT_EFFECT = {
    *("paths", "hydra", "tracking", "gate"),
    *("threads", "inference", "mode", "output", "reason"),
}
"""Config nodes that change no figure of a study, so that a resume may change them."""
_CONSTANT = {*_WITHOUT_EFFECT, "data", "task", "split"}
"""Config nodes that are the same for all trials: no parameters of theirs."""


def study_terms(hook: Hook) -> StudyTerms:
    """Return the objectives, folds and folder of a study."""
    experiment = hook.experiment
    names = experiment.settings.objective.metrics
    objectives = [Objective(name, direction(name), name.removeprefix("cv_")) for name in names]
    folder, n_folds = experiment.outputs / "studies", experiment.protocol.n_folds
    return StudyTerms(objectives, n_folds, "fold", folder, _WITHOUT_EFFECT, changes_config=False)


def study_facts(hook: Hook, workers: int) -> dict[str, object]:
    """Return the facts that must not change while a study goes on, once the config is checked.

    The data are loaded once here, so that workers find them checked and stored.

    Args:
        hook: The multirun's config.
        workers: Number of trials that run at once.

    Raises:
        ConfigError: The trials would use more threads than there are cores, or a part of the config
            cannot be built.

    """
    _check_threads(hook, workers)
    experiment, settings = hook.experiment, hook.experiment.settings
    experiment.check()
    candidate.check_holdout(experiment)
    if (blend := hook.blend) is not None:
        check_count(blend)
        start_recipes(hook)
    candidate.introduce(experiment, hook.models)
    return {
        "objective": settings.objective.model_dump(),
        "data": experiment.dataset.digest,
        "split": settings.split.model_dump(),
        "seed": settings.seed,
    }


def study_code() -> dict[str, str]:
    """Return the version of the package, and a digest of each part that figures rest on.

    The packages that a project allows as targets are such parts.
    """
    own = {one.rstrip("."): package_folder(one.rstrip(".")) for one in own_prefixes(PYPROJECT)}
    parts = {name: PACKAGE / name for name in _CODE} | own
    return {"version": version("spaceship")} | {k: code_digest(one) for k, one in parts.items()}


def start_study(hook: Hook, study: "Study") -> str:
    """Start the run above a study's trials, or reopen it on resume; return its id."""
    store, folder = hook.experiment.store, hook.sweep_folder
    store.close_orphans(hook.experiment.outputs)
    run_id = study.user_attrs.get(_RUN)
    if run_id is None:
        run_id = multirun.start(hook, study.study_name)
        study.set_user_attr(_RUN, run_id)
    else:
        COMMAND.run_id = str(run_id)
        store.client.update_run(run_id, status="RUNNING")
        store.set_tags(run_id, own_tags())
        multirun.record(hook, str(run_id))
        write_runs(store, pending_folders(folder))
    PENDING.open_runs[run_id] = partial(_end_parent, hook, run_id, study)
    store.set_tags(run_id, {STUDY_TAG: study.study_name})
    return str(run_id)


def _end_parent(hook: Hook, run_id: str, study: "Study", status: str) -> None:
    """End the run above a study's trials, unless another process may be at one of them."""
    from hydra_plugins.spaceship_optuna._recovery import others_at_work

    end_trials(hook)
    if not others_at_work(study):
        hook.experiment.store.end_parent(run_id, status)


def end_trials(hook: Hook) -> None:
    """Write the runs of all trials that have ended to MLflow, before the study's results."""
    write_runs(hook.experiment.store, pending_folders(hook.sweep_folder))


def end_study(hook: Hook, run_id: str, files: Sequence[Path], summary: str) -> None:
    """Log the results of a sweep to the run above its trials."""
    client = hook.experiment.store.client
    for path in (*files, *hook.sweep_folder.glob(ENVIRONMENT_FILES)):
        client.log_artifact(run_id, str(path))
    client.log_text(run_id, summary, "leaderboard.txt")


def start_trial(hook: Hook, parent_run_id: str | None) -> None:
    """Save a trial's run in its folder: its number, its candidate and the values drawn for it."""
    job = Job.current()
    redact_saved_config(hook, job)  # first: an unusable setting ends the trial below
    store = hook.job_experiment.store
    model, number, drawn = hook.choices["model"], str(hook.number), hook.drawn()
    tags = {"trial": number, "model": model, "features": hook.choices["features"]}
    tags["command"] = hook.trial_command
    params = {key: one for key, one in drawn.items() if node_of(key) not in _CONSTANT}
    tags |= {FOLDER_TAG: str(job.folder), NOTE: trial_note(store, parent_run_id, params)}
    tags |= code_tags() | {CODE_TAG: Code.present().digest}
    tags[ENVIRONMENT_TAG] = note_environment(job.folder.parent)
    tags = run_tags(tags, parent_run_id)
    name, params = run_name(f"{model} #{number}"), run_params(params)
    TrialRun(name, tags, params).save(job.folder)


def end_trial(hook: Hook, error: Exception | None) -> None:
    """Save a trial's metrics and state; write the runs of the latest trials from time to time."""
    experiment = hook.job_experiment
    job = experiment.job
    if (run := pending_run(job.folder)) is None:
        return  # the trial was given up by another process
    report = Report.read(job.folder) if error is None and job.scored else None
    error, ended = error or _unusable(experiment, report), run
    if isinstance(error, PrunedError):
        ended = run.ended("FINISHED", {"state": "PRUNED"})
    elif error is not None:
        ended = _failed(run, str(error), job.note_failure(error))
    elif report is not None:
        tags = run_tags(score_tags(report) | {"state": "COMPLETE"})
        ended = run.ended("FINISHED", tags, report.metrics)
    ended.save(job.folder)
    latest = experiment.kept.once("trials", job.folder.parent, LatestTrials)
    latest.add(experiment.store, job.folder)


def lose_trial(hook: Hook, folder: Path, reason: str) -> None:
    """End the run of a trial whose process was ended before it could end the run itself."""
    clear_unfinished(folder)
    store, run = hook.experiment.store, pending_run(folder)
    if run is not None:
        _failed(run, reason, f"No traceback, {reason}.\n").save(folder)
        write_runs(store, [folder])
    elif (run_id := Job(folder, in_multirun=True).run_id) is not None:
        store.log_traceback(run_id, f"No traceback, {reason}.\n")
        store.set_tags(run_id, {"state": "FAILED", "error": reason})
        store.end_run(run_id, "FAILED")


def _failed(run: TrialRun, error: str, traceback: str) -> TrialRun:
    tags = run_tags({"state": "FAILED", "error": error})
    return run.ended("FAILED", tags, traceback=traceback)


def _unusable(experiment: Experiment, report: Report | None) -> Exception | None:
    """Return the fault of a job that ended without an error but has no usable objective."""
    if report is None:
        return ConfigError("expected the job to score a candidate, found no report; use mode=train")
    nans = [name for name in experiment.objectives if math.isnan(report.metrics[name])]
    return ArithmeticError(f"the objective is NaN: {', '.join(nans)}") if nans else None


def _check_threads(hook: Hook, workers: int) -> None:
    """Raise if an explicit `threads=N` times the number of workers exceeds the CPU cores."""
    asked, cores = hook.threads, usable_cores()
    taken = cores if asked == -1 else asked
    if isinstance(taken, int) and taken > 1 and taken * workers > cores:
        message = f"expected at most {cores} threads in all, found {workers} workers of {asked}"
        raise ConfigError(f"{message} threads; leave out threads=, the sweep shares the cores")
