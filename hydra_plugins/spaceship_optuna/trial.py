"""Interface between a trial and its sweep: report each step, learn that the trial is pruned.

Outside a sweep, reporting does nothing, so that the same code runs inside and outside.
"""

from hydra_plugins.spaceship_optuna._errors import PrunedError
from hydra_plugins.spaceship_optuna._trial import Reporter, in_trial, report, reporting_to

__all__ = ["PrunedError", "Reporter", "in_trial", "report", "reporting_to"]
