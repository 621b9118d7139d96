"""Suspects for a difference: what the two records have different that could explain it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.differences import Comparison


class Kind(StrEnum):
    """Kind of a suspect."""

    DATA = "data"
    CODE = "code"  # which files
    CONFIG = "config"  # which keys
    PACKAGE = "package"  # old -> new
    THREADS = "threads"
    CPU = "cpu"
    ENVIRONMENT = "environment"  # time zone, locale, hash seed, system …
    CHANCE = "chance"  # nothing on record differs


@dataclass(frozen=True)
class Suspect:
    """A likely cause, in words."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """What one more run takes from the present; all else is from the record."""

    code: bool = False
    packages: tuple[str, ...] = ()  # normalized names, as in `Environment.packages`
    threads: bool = False
    data: bool = False


Rerun = Callable[[Change], RecordedRun]
"""Makes the run once more; raises SpaceshipError if that cannot be done."""


def find_suspects(
    recorded: RecordedRun, again: RecordedRun, comparison: Comparison, rerun: Rerun | None = None
) -> tuple[Suspect, ...]:
    """Return the likely causes of a difference, the likeliest first; none if the runs are equal."""
    return ()
