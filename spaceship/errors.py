"""What can go wrong that a user can mend; the entry point prints these without a traceback."""


class SpaceshipError(Exception):
    """Base of every error whose message says what was expected, what was found, what to do.

    Attributes:
        exit_status: What the process ends with when this error reaches the entry point.

    """

    exit_status: int = 2


class ConfigError(SpaceshipError):
    """A config value or a combination of values cannot be used."""


class DataError(SpaceshipError):
    """A data file or frame breaks the schema, or cannot be read."""


class MissingDependencyError(SpaceshipError):
    """An optional package is not installed."""


class CredentialsError(SpaceshipError):
    """A remote service refused the user, or could not be reached."""


class TrackingError(SpaceshipError):
    """The MLflow store cannot be opened or written."""


class RegistryError(SpaceshipError):
    """The model registry cannot do what was asked."""


class OutdatedError(RegistryError):
    """An alias has moved since a move was decided on."""


class NoChampionError(RegistryError):
    """No model is in production yet."""


class SubmissionError(SpaceshipError):
    """The predictions do not fit the sample submission, or cannot be written."""


class DriftError(SpaceshipError):
    """The passengers to predict are unlike those the champion learnt from."""


class RefusedError(SpaceshipError):
    """The gate refused a candidate while `gate.require=true`."""

    exit_status = 3
