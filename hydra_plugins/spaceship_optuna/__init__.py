"""`hydra/sweeper=optuna` for any Hydra app: sweeps that survive, resume, prune and share machines.

Copy this folder to `hydra_plugins/` on the path of an app and install `REQUIREMENTS`; the plots
need matplotlib, other launchers, databases, and some samplers packages of their own.
"""

from hydra_plugins.spaceship_optuna._errors import (
    MissingPackageError,
    PrunedError,
    SettingsError,
    SweepError,
)
from hydra_plugins.spaceship_optuna._hooks import Objective, StudyHooks, StudyTerms

__all__ = [
    "REQUIREMENTS",
    "MissingPackageError",
    "Objective",
    "PrunedError",
    "SettingsError",
    "StudyHooks",
    "StudyTerms",
    "SweepError",
]

REQUIREMENTS = (
    "cloudpickle>=2.2",  # trials with a time limit
    "filelock>=3.16",
    "hydra-core>=1.3.8,<1.4",
    "omegaconf>=2.3.1",
    "optuna>=5",
    "psutil>=6",
    "pyyaml>=6",
    "rich>=14",
    "scipy>=1.14",  # the default pruner
)
"""Packages that the sweeper imports."""
