"""Errors of a sweep; Hydra prints those that its user can mend without a traceback.

Classes stand in private modules: Hydra executes each public module of a plugin anew in every
process, so that a class in one of them would not be the class that was imported before.
"""

from collections.abc import Mapping, Sequence

from hydra.errors import CompactHydraException


class SweepError(CompactHydraException):
    """A sweep that ended without a result; the base of this plugin's errors.

    >>> SweepError("no trial has finished").exit_status
    2
    """

    exit_status: int = 2  # with which an application may end its process


class SettingsError(SweepError):
    """A setting, an override or a stored study that does not fit the sweep.

    >>> isinstance(SettingsError("expected n_trials of at least 1, found 0"), SweepError)
    True
    """


class MissingPackageError(SweepError):
    """An optional package that a setting needs and that is not installed.

    >>> str(MissingPackageError("GPSampler needs torch; run: pip install torch"))
    'GPSampler needs torch; run: pip install torch'
    """


class PrunedError(Exception):
    """A trial stopped early, because it cannot become the best.

    >>> str(PrunedError([{"value": 0.7}]))
    'pruned after 1 step(s)'
    """

    def __init__(self, history: Sequence[Mapping[str, float]]) -> None:
        """Keep the metrics of the steps that were run."""
        super().__init__(f"pruned after {len(history)} step(s)")
        self.history = list(history)


def mismatch(expected: object, found: object, action: str) -> SettingsError:
    """Return the error of a setting, with the action that mends it."""
    return SettingsError(f"expected {expected}, found {found}; {action}")
