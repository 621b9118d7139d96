"""The class Hydra discovers; the work is imported when a sweep starts."""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna import config as _config  # noqa: F401 - registers the choices


class OptunaSweeper(Sweeper):
    """Tune candidates, each on its own search space, with Optuna."""

    def __init__(self, **settings: Any) -> None:
        """Keep the settings of `hydra.sweeper`; they are checked when the sweep starts."""
        self.settings = settings
        self.hydra_context: HydraContext | None = None
        self.task_function: TaskFunction | None = None
        self.config: DictConfig | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands over."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the command line describes."""
        from hydra_plugins.spaceship_optuna._sweep import Sweep

        assert self.hydra_context is not None  # noqa: S101 - Hydra calls setup first
        assert self.task_function is not None  # noqa: S101
        assert self.config is not None  # noqa: S101
        sweep = Sweep(self.hydra_context, self.task_function, self.config, self.settings)
        return sweep.run(arguments)
