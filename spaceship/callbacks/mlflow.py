"""Hydra callback: every job becomes an MLflow run, and the gate is applied where a job ends.

Hydra turns exceptions of callbacks into warnings, so hooks raise nothing: a failure is kept in
`at_exit`, and the entry point makes it the exit status. Hydra loads this file for `--help` too, so
heavy modules are imported inside the hooks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna import StudyHooks, StudyTerms
from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.process.at_exit import PENDING, Refusal
from spaceship.process.garbage import collection_paused
from spaceship.progress import phase

if TYPE_CHECKING:
    from optuna import Study

_LOADING = "Loading the libraries"


class MLflowCallback(StudyHooks, Callback):
    """Log every job as an MLflow run, under one parent in a multirun; gate the candidate.

    Example:
        >>> MLflowCallback().parent_run_id is None
        True

    """

    def __init__(self) -> None:
        """Start without a parent run; the instance is pickled to workers with its attributes."""
        self.parent_run_id: str | None = None
        self.best: Path | None = None
        self.leaderboard: str | None = None
        self.made: tuple[Path, ...] = ()  # folders, by a job outside a multirun

    def on_run_start(self, config: DictConfig, **_: object) -> None:
        """End the command before Hydra makes a folder if the job cannot be run."""
        with _refused(), collection_paused(own=True):
            from spaceship.callbacks import _start

            start = _start.Start(config)
            start.note_command(config.hydra.run.dir)
            start.check_job()
            self.made = _start.new_folders(Path(config.hydra.run.dir))

    def on_multirun_start(self, config: DictConfig, **_: object) -> None:
        """Start the parent run; database and experiment exist before any worker starts."""
        with _refused(), collection_paused(own=True):
            from spaceship.callbacks import _start

            start = _start.Start(config)
            start.note_command(config.hydra.sweep.dir)
            start.check_sweep()
        with _failures_kept():
            with phase(_LOADING), collection_paused(own=True):
                from spaceship.callbacks import _hook, _multirun

            hook = _hook.Hook(config)
            if not hook.is_study:  # a study may be resumed: see on_study_start
                self.parent_run_id = _multirun.start(hook)

    def study_terms(self, config: DictConfig) -> StudyTerms:
        """Return the objectives, folds and folder of a study."""
        from spaceship.callbacks import _hook, _study

        return _study.study_terms(_hook.Hook(config))

    def retrain_overrides(self, overrides: Sequence[str]) -> list[str]:
        """Return the overrides of a training, given those of a sweep, which may be mode=tune."""
        from spaceship.config.overrides import training_overrides

        return training_overrides(overrides)

    def trial_run_id(self, folder: Path) -> str | None:
        """Return the MLflow run of a trial."""
        from spaceship.tracking.job import Job

        return Job(folder, in_multirun=True).run_id

    def study_facts(self, config: DictConfig, workers: int) -> dict[str, object]:
        """Return the facts that a study's figures rest on, before the study is opened."""
        from spaceship.callbacks import _hook, _study

        return _study.study_facts(_hook.Hook(config), workers)

    def study_code(self) -> dict[str, str]:
        """Return the version of the package, and digests of the code that figures rest on."""
        from spaceship.callbacks import _study

        return _study.study_code()

    def on_study_start(self, config: DictConfig, study: "Study") -> None:
        """Start the run above a study's trials, or reopen it."""
        from spaceship.callbacks import _hook, _study

        self.parent_run_id = _study.start_study(_hook.Hook(config), study)

    def on_trial_lost(self, config: DictConfig, folder: Path, reason: str) -> None:
        """End the run of a trial whose process was ended from outside."""
        with _failures_kept():
            from spaceship.callbacks import _hook, _study

            _study.lose_trial(_hook.Hook(config), folder, reason)

    def on_trials_end(self, config: DictConfig) -> None:
        """Write the runs of the study's trials, which its results name."""
        from spaceship.callbacks import _hook, _study

        _study.end_trials(_hook.Hook(config))

    def on_study_end(self, config: DictConfig, files: list[Path], summary: str, best: Path) -> None:
        """Log the results of a sweep, and keep the folder of its best job."""
        self.best, self.leaderboard = best, summary
        with _failures_kept():
            from spaceship.callbacks import _hook, _study

            if self.parent_run_id is not None:
                _study.end_study(_hook.Hook(config), self.parent_run_id, files, summary)

    def on_job_start(self, config: DictConfig, **_: object) -> None:
        """Start the job's run and log its config, unless the multirun's has failed to start."""
        if PENDING.failures:
            return
        with _failures_kept():
            with phase(_LOADING), collection_paused(own=True):
                from spaceship.callbacks import _hook
                from spaceship.config.allow_list import verb_of

                with suppress(Exception):  # `run_mode` reports it
                    verb_of(config.mode)
            hook = _hook.Hook(config)
            if hook.is_study:
                from spaceship.callbacks import _study

                _study.start_trial(hook, self.parent_run_id)
            else:
                from spaceship.callbacks import _job

                _job.start_job(hook, self.parent_run_id)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: object) -> None:
        """Log the job's scores, gate a candidate that was fitted, end the run."""
        from hydra.core.utils import JobStatus
        from hydra.types import RunMode

        with _failures_kept():
            from hydra_plugins.spaceship_optuna._upstream import returned
            from hydra_plugins.spaceship_optuna.config_text import redact
            from spaceship.callbacks import _hook

            # Hydra prints the overrides if the job has failed
            job_return.overrides = [redact(text) for text in job_return.overrides or ()]
            result = returned(job_return)
            if isinstance(result, Exception):  # which a launcher may pickle
                result.args = tuple(redact(x) if isinstance(x, str) else x for x in result.args)
            hook = _hook.Hook(config)
            failure = result if isinstance(result, Exception) else None
            if hook.is_study:
                from spaceship.callbacks import _study

                _study.end_trial(hook, failure)
            else:
                from spaceship.callbacks import _job

                _job.end_job(hook, failure, self.made)
        several = config.hydra.mode == RunMode.MULTIRUN
        if several and PENDING.failures and job_return.status == JobStatus.COMPLETED:
            # failures of a launcher's process reach the parent by the job's result only
            job_return.status, job_return.return_value = JobStatus.FAILED, PENDING.failures[-1]
        if in_trial():  # the failures are this trial's, not the next one's
            PENDING.failures.clear()

    def on_multirun_end(self, config: DictConfig, **_: object) -> None:
        """Fit and gate the best job, and end the parent run."""
        if PENDING.failures or self.parent_run_id is None:
            return
        with _failures_kept():
            from spaceship.callbacks import _hook, _multirun

            hook = _hook.Hook(config)
            _multirun.end(hook, self.parent_run_id, self.best, self.leaderboard)


@contextmanager
def _refused() -> Iterator[None]:
    """End the command by an exception of a check at its start."""
    try:
        yield
    except Exception as error:
        raise Refusal from error


@contextmanager
def _failures_kept() -> Iterator[None]:
    """Keep an exception of a hook for the entry point, as Hydra would only warn of it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        PENDING.failures.append(error)
