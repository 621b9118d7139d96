"""Errors of a sweep that its user can mend: Hydra prints the message, without a traceback."""

from hydra.errors import CompactHydraException


class SweepError(CompactHydraException):
    """A sweep that ended without a result; the base of this plugin's errors.

    Attributes:
        exit_status: Status that an application may end its process with.

    >>> SweepError("no trial has finished").exit_status
    2

    """

    exit_status: int = 2


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
