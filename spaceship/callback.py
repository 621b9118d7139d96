"""Hydra's hooks: every job becomes an MLflow run, and the gate is applied where a job ends.

Hydra turns what a callback raises into a warning, so nothing is raised here: a failure is noted in
`outcome.OUTCOME` (and in the job's folder), and the entry point makes it the exit status. Only
light modules are imported here, because Hydra loads this file for `--help` too.
"""

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from spaceship.outcome import OUTCOME

log = logging.getLogger(__name__)
P = ParamSpec("P")


def _noted(
    hook: Callable[Concatenate["MLflowCallback", P], None],
) -> Callable[Concatenate["MLflowCallback", P], None]:
    """Keep what a hook raises for the entry point."""

    @functools.wraps(hook)
    def guarded(self: "MLflowCallback", *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - Hydra would swallow it
            OUTCOME.failures.append(error)

    return guarded


class MLflowCallback(Callback):
    """Log every job as an MLflow run, under one parent in a multirun; gate the candidate."""

    def __init__(self) -> None:
        """Start without a parent run; the instance is pickled to workers with what it knows."""
        self.parent_run_id: str | None = None

    @_noted
    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Start the parent run; database and experiment exist before any worker starts."""
        from spaceship import logbook

        self.parent_run_id = logbook.start_multirun(config)

    @_noted
    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Start the job's run and log its config."""
        from spaceship import logbook

        if OUTCOME.failures:
            return
        logbook.start_job(config, self.parent_run_id)

    @_noted
    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Log what the job measured, gate a candidate that was fitted, end the run."""
        from spaceship import logbook

        error = job_return._return_value  # noqa: SLF001 - the property would raise it
        logbook.end_job(config, error if isinstance(error, Exception) else None)

    @_noted
    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Fit and gate the best job, and end the parent run."""
        from spaceship import logbook

        if self.parent_run_id is not None and not OUTCOME.failures:
            logbook.end_multirun(config, self.parent_run_id)
