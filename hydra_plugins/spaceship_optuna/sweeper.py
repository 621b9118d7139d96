"""Sweeper that Hydra discovers; the work is imported when a sweep starts."""

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna import config as _config  # noqa: F401 - registers the choices


class OptunaSweeper(Sweeper):
    """Tune candidates, each on its own search space, with Optuna.

    >>> OptunaSweeper(n_trials=20).settings
    {'n_trials': 20}
    """

    def __init__(self, **settings: object) -> None:
        """Keep the settings of `hydra.sweeper`; they are checked when the sweep starts."""
        self.settings = settings

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep the arguments for the sweep."""
        self._given = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> object:
        """Run the sweep that the command line describes."""
        from hydra_plugins.spaceship_optuna._sweep import Sweep

        return Sweep(*self._given, self.settings).run(arguments)
