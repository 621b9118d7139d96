"""Private names of Hydra, Optuna and OmegaConf that this plugin uses, each with its reason.

tests/sweeper/test_upstream.py holds them to hydra-core 1.3.8, optuna 5.0.0 and omegaconf 2.3.1.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn
from hydra.types import HydraContext
from omegaconf._utils import OmegaConfDumper

if TYPE_CHECKING:  # any job that ends imports this module
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.study import StudySummary
    from optuna.trial import FrozenTrial, Trial

represent_text = OmegaConfDumper.str_representer
"""Quotes text that YAML would read as a number."""


def without_callbacks(context: HydraContext) -> HydraContext:
    """Return a context whose jobs run no callback; Hydra has no public empty collection of them."""
    return HydraContext(context.config_loader, Callbacks())


def returned(job: JobReturn) -> object:
    """Return what a job returned or raised; the public property raises, after writing to stderr."""
    return job._return_value  # noqa: SLF001


def storage_of(study: "optuna.Study") -> "BaseStorage":
    """Return a study's storage, which changes attributes of trials that no worker holds."""
    return study._storage  # noqa: SLF001


def trial_id(trial: "FrozenTrial | Trial") -> int:
    """Return a trial's id in its storage; the public number is the one in its study."""
    return trial._trial_id  # noqa: SLF001


def suggest(trial: "Trial", name: str, distribution: "BaseDistribution") -> object:
    """Return a value drawn from a distribution object; the public methods take its bounds."""
    return trial._suggest(name, distribution)  # noqa: SLF001


def contains(distribution: "BaseDistribution", value: float) -> bool:
    """Return whether a distribution can draw a number."""
    return distribution._contains(value)  # noqa: SLF001


def by_creation(summaries: "Sequence[StudySummary]") -> "list[StudySummary]":
    """Return studies in the order of their creation; the public start is the first trial's."""
    return sorted(summaries, key=lambda one: one._study_id)  # noqa: SLF001
