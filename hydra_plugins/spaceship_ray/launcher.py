"""Launcher that Hydra discovers; Ray is imported when jobs start."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hydra_plugins.spaceship_ray import config as _config


class RayLauncher(Launcher):
    """Run the jobs of a multirun on a Ray cluster.

    >>> RayLauncher(n_jobs=2).settings.n_jobs
    2
    """

    def __init__(self, **settings: object) -> None:
        """Keep the settings of `hydra.launcher`."""
        self.settings = _config.RayLauncherConf(**settings)  # type: ignore[arg-type]

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep the arguments for the jobs."""
        self._given = hydra_context, task_function, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Run a job for each list of overrides, and return the results in their order."""
        from hydra_plugins.spaceship_ray._jobs import run_jobs

        jobs = dict(enumerate(map(list, job_overrides), initial_job_idx))
        return run_jobs(self._given, self.settings, jobs)
