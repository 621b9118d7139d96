"""MLflow runs of jobs: started with the config, ended with scores and the gate's verdict."""

from contextlib import suppress
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.yaml_text import to_yaml
from spaceship.callbacks._hook import Hook
from spaceship.callbacks._next import show_next
from spaceship.errors import ConfigError, SpaceshipError
from spaceship.experiment import Experiment
from spaceship.files import write_atomically
from spaceship.progress import phase
from spaceship.results import COMMAND
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import ended_run, log_report
from spaceship.tracking.store import FOLDER_TAG

_SAVED = ("config.yaml", "hydra.yaml", "overrides.yaml")
"""Files that Hydra writes into `hydra.output_subdir`."""


def start_job(hook: Hook, parent_run_id: str | None) -> None:
    """Start the run of the job Hydra is about to run, unless its mode is not logged."""
    job = Job.current()
    redact_saved_config(hook, job)  # first: an unusable setting ends the job below
    experiment = hook.job_experiment
    if not hook.logged:
        return
    from spaceship.callbacks._views import open_views

    store = experiment.store
    if parent_run_id is None:
        store.close_orphans(hook.experiment.outputs)
        open_views(hook)
    run_id = store.start_run(
        hook.run_name, hook.tags() | {FOLDER_TAG: str(job.folder)}, parent_run_id
    )
    job.note_run(run_id)
    if parent_run_id is None:
        COMMAND.run_id = run_id
    store.client.log_text(run_id, to_yaml(hook.loggable()), "config.yaml")
    if hook.recorded:
        from spaceship.record.run_record import RunRecord

        with suppress(SpaceshipError):  # the job ends with it
            RunRecord.start(experiment, job.folder, run_id)


def end_job(hook: Hook, error: Exception | None, made: tuple[Path, ...] = ()) -> None:
    """Log the job's scores, gate the candidate it fitted, and end its run with a true status.

    Page and report follow once the run has ended: no interruption of them changes the status.

    Args:
        hook: The job's config.
        error: Raised by the job's task; it is logged here and raised elsewhere.
        made: The folders that were not there before the job, the innermost first.

    """
    job = Job.current()
    experiment = hook.job_experiment
    if job.run_id is None:
        if isinstance(error, SpaceshipError) and not hook.logged and not job.in_multirun:
            _remove_traces(hook, made)
        return
    from spaceship.callbacks._pages import fill_page, final_name

    try:
        try:
            with ended_run(experiment.store, job):
                with phase("Logging the job"):
                    log_report(experiment.store, job)
                _gate(experiment, error)
        except Exception as failure:
            fill_page(hook, job, failure)
            raise
        fill_page(hook, job, None)
        if not job.in_multirun:
            show_next(experiment, hook.choices["mode"], job.folder, final_name(hook, job))
    except Exception as failure:
        if failure is not error:
            raise


def redact_saved_config(hook: Hook, job: Job) -> None:
    """Remove passwords in URIs from the YAML files that Hydra has saved for a job.

    Raises:
        ConfigError: A job of a multirun has no such files, which the best job is fitted from.

    """
    if hook.output_subdir is None:
        if job.in_multirun:
            message = "expected hydra.output_subdir to name a folder in a multirun, found null"
            raise ConfigError(f"{message}: the best job is fitted from what it holds; leave it out")
        return
    for path in (job.folder / hook.output_subdir).glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if (clean := redact(text)) != text:
            write_atomically(path, clean)


def _remove_traces(hook: Hook, made: tuple[Path, ...]) -> None:
    """Remove what Hydra wrote for a refused job into a folder made for it, and folders left empty.

    No run names the folder, and the log says what the terminal does. A folder that was there before
    keeps all of it: its log may hold the lines of other jobs.
    """
    if not made:
        return
    (made[0] / hook.log_file).unlink(missing_ok=True)
    own = [] if hook.output_subdir is None else [made[0] / hook.output_subdir]
    for path in (folder / name for folder in own for name in _SAVED):
        path.unlink(missing_ok=True)
    for folder in (*own, *made):
        with suppress(OSError):  # one that is not empty stays
            folder.rmdir()


def _gate(experiment: Experiment, error: Exception | None) -> None:
    """Judge the candidate that the job fitted; raise the error of a task that failed."""
    if error is not None:
        raise error
    if experiment.job.fitted:
        from spaceship import candidate

        candidate.judge(experiment, experiment.job)
