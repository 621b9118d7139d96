"""Errors that a user can mend, by kind, and the exit status that each ends the process with.

The command line prints the message of such an error without a traceback; any other exception is a
fault of the program and ends it with status 1.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Self

_FORM = re.compile(r"expected (.+?), found:? (.+); (.+)", re.DOTALL)


class Slip(NamedTuple):
    """A misspelt value, and the one that is meant by all appearance."""

    found: str
    meant: str


def did_you_mean(meant: Mapping[str, Slip]) -> str:
    """Return a question that names the right values by key.

    >>> did_you_mean({"split.kind": Slip("hsh", "hash")})
    'did you mean split.kind=hash'
    """
    return f"did you mean {' '.join(f'{key}={slip.meant}' for key, slip in meant.items())}"


class Expected(str):  # noqa: SLOT000 - a text has no slots
    """A message in the form that all errors share, with its parts for `output=json`.

    >>> Expected.of("a folder", "a file", "choose another one").parts
    ('a folder', 'a file', 'choose another one')
    """

    parts: tuple[str, str, str]

    @classmethod
    def of(cls, what: str, found: object, do: str) -> Self:
        """Return the message of what is expected, found and to do."""
        colon = ":" if isinstance(found, Exception) else ""
        made = cls(f"expected {what}, found{colon} {found}; {do}")
        made.parts = what, str(found), do
        return made


def expected(what: str, found: object, do: str) -> str:
    """Return a message in the form that all errors share; an exception found is quoted.

    >>> expected("a folder", "a file", "choose another one with paths.outputs=DIR")
    'expected a folder, found a file; choose another one with paths.outputs=DIR'
    """
    return Expected.of(what, found, do)


def parts_of(message: str) -> tuple[str | None, str | None, str | None]:
    """Return what a message expects, finds and says to do; None for a part it does not have.

    >>> parts_of("expected a folder, found a file; choose another one; or none")
    ('a folder', 'a file; choose another one', 'or none')
    >>> parts_of(expected("a folder", "a file", "choose another one; or none"))
    ('a folder', 'a file', 'choose another one; or none')
    >>> parts_of("division by zero")
    (None, None, None)
    """
    if isinstance(message, Expected):
        return message.parts
    found = _FORM.search(message)
    return (found[1], found[2], found[3]) if found else (None, None, None)


@contextmanager
def only_logged(log: logging.Logger, what: str) -> Iterator[None]:
    """Log any failure of the block as a warning, and go on: the block writes texts for people only.

    >>> with only_logged(logging.getLogger("example"), "The page is not complete"):
    ...     raise OSError("the disk is full")
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001
        log.warning("%s: %s", what, error)


class SpaceshipError(Exception):
    """Base of every error whose message says what was expected, what was found, what to do.

    >>> issubclass(NoChampionError, SpaceshipError), RefusedError.exit_status
    (True, 3)
    """

    exit_status: int = 2  # of a process that this error ends

    def __init__(self, message: object = "", meant: Mapping[str, Slip] | None = None) -> None:
        super().__init__(message)
        self.meant = dict(meant or {})


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
    """The model registry, or a file that a job has written, cannot be used."""


class OutdatedError(RegistryError):
    """An alias has moved since a move was decided on."""


class RoleError(RegistryError):
    """The champion is moved by a process that may not."""


class NoChampionError(RegistryError):
    """No model is in production yet."""


class SubmissionError(SpaceshipError):
    """The predictions do not fit the sample submission, or cannot be written."""


class DriftError(SpaceshipError):
    """The rows to predict are unlike those the champion learnt from."""


class RefusedError(SpaceshipError):
    """The gate refused a candidate while `gate.require=true`."""

    exit_status = 3


class DiffersError(SpaceshipError):
    """A run could not be made again the same."""

    exit_status = 4
