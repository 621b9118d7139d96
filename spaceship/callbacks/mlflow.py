"""Hydra's hooks: every job becomes an MLflow run, and the gate is applied where a job ends.

Hydra turns what a callback raises into a warning, so nothing is raised here: a failure is noted in
`outcome.OUTCOME` (and in the job's folder), and the entry point makes it the exit status. Only
light modules are imported here, because Hydra loads this file for `--help` too.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna import Objective, StudyHooks, StudyTerms
from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.at_exit import OUTCOME

_WITHOUT_EFFECT = {
    *("paths", "hydra", "tracking", "gate"),
    *("threads", "inference", "mode", "reason"),
}
"""Config nodes that change no figure of a study, so that a resume may change them."""


class MLflowCallback(StudyHooks, Callback):
    """Log every job as an MLflow run, under one parent in a multirun; gate the candidate."""

    def __init__(self) -> None:
        """Start without a parent run; the instance is pickled to workers with what it knows."""
        self.parent_run_id: str | None = None
        self.best: Path | None = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Start the parent run; database and experiment exist before any worker starts."""
        with _noted():
            from spaceship.callbacks import _job as logbook
            from spaceship.callbacks import _multirun as multirun

            if not logbook.is_study(config):  # a study may be an old one: see on_study_start
                self.parent_run_id = multirun.start(config)

    def study_terms(self, config: DictConfig) -> StudyTerms:
        """Return the objectives, folds and folder of a study."""
        from spaceship.evaluation.report import direction, names_of

        names = names_of(config.objective.metric)
        objectives = [Objective(name, direction(name), name.removeprefix("cv_")) for name in names]
        folder = Path(config.paths.outputs, "studies")
        return StudyTerms(objectives, config.split.n_folds, folder, _WITHOUT_EFFECT)

    def retrain_overrides(self, overrides: Sequence[str]) -> list[str]:
        """Return the overrides of a training, given those of a sweep, which may be mode=tune."""
        kept = [item for item in overrides if not item.startswith("mode.")]
        return ["mode=train" if item == "mode=tune" else item for item in kept]

    def trial_run_id(self, folder: Path) -> str | None:
        """Return the MLflow run of a trial."""
        from spaceship.tracking.job import Job

        return Job(folder, in_multirun=True).run_id

    def study_facts(self, config: DictConfig, workers: int) -> dict[str, Any]:
        """Return what a study rests on, before it is opened."""
        from spaceship.callbacks import _study as studies

        return studies.study_facts(config, workers)

    def on_study_start(self, config: DictConfig, study: Any) -> None:
        """Start or go on with the run above a study's trials."""
        from spaceship.callbacks import _study as studies

        self.parent_run_id = studies.start_study(config, study)

    def on_trial_lost(self, config: DictConfig, folder: Path) -> None:
        """End the run of a trial whose worker died."""
        with _noted():
            from spaceship.callbacks import _study as studies

            studies.lose_trial(config, folder)

    def on_study_end(self, config: DictConfig, files: list[Path], summary: str, best: Path) -> None:
        """Log what the sweep found out, and keep which job is best."""
        self.best = best
        with _noted():
            from spaceship.callbacks import _study as studies

            if self.parent_run_id is not None:
                studies.end_study(config, self.parent_run_id, files, summary)

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Start the job's run and log its config, unless the multirun's has failed to start."""
        if OUTCOME.failures:
            return
        with _noted():
            from spaceship.callbacks import _job as logbook
            from spaceship.callbacks import _study as studies

            if logbook.is_study(config):
                studies.start_trial(config, self.parent_run_id)
            else:
                logbook.start_job(config, self.parent_run_id)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: Any) -> None:
        """Log what the job measured, gate a candidate that was fitted, end the run."""
        from hydra.core.utils import JobStatus
        from hydra.types import RunMode

        with _noted():
            from spaceship.callbacks import _job as logbook
            from spaceship.callbacks import _study as studies
            from spaceship.config.build import redact

            # Hydra prints them if the job has failed
            job_return.overrides = [redact(text) for text in job_return.overrides or ()]
            result = job_return._return_value  # noqa: SLF001 - the property would raise it
            end = studies.end_trial if logbook.is_study(config) else logbook.end_job
            end(config, result if isinstance(result, Exception) else None)
        several = config.hydra.mode == RunMode.MULTIRUN
        if several and OUTCOME.failures and job_return.status == JobStatus.COMPLETED:
            # a launcher's process has an outcome of its own: only this comes back from there
            job_return.status, job_return.return_value = JobStatus.FAILED, OUTCOME.failures[-1]
        if in_trial():  # the failures are this trial's, not the next one's
            OUTCOME.failures.clear()

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Fit and gate the best job, and end the parent run."""
        if OUTCOME.failures or self.parent_run_id is None:
            return
        with _noted():
            from spaceship.callbacks import _multirun as multirun

            multirun.end(config, self.parent_run_id, self.best)


@contextmanager
def _noted() -> Iterator[None]:
    """Keep what a hook raises for the entry point."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - Hydra would swallow it
        OUTCOME.failures.append(error)
