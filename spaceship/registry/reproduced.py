"""Tags of a run and its versions: how often it was made again, bit for bit equal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from spaceship.errors import RegistryError
from spaceship.records import from_text
from spaceship.tracking.tag_names import hidden

REPRODUCED = hidden("reproduced")  # tag of a run and of a version: `Reproduced` as JSON
NEEDS_PROOF = hidden("needs_proof")  # tag of a version: its gate wants it made again first
_DAY = len("2026-11-30")
_MOST_MACHINES = 20


@dataclass(frozen=True)
class Reproduced:
    """Number of times that a run was made again, equal in every bit.

    >>> print(Reproduced(3, "2026-11-30T08:00:00+00:00", ("AMD EPYC, Linux",)))
    reproduced 3x, last 2026-11-30 on AMD EPYC, Linux
    """

    count: int = 0
    last: str = ""  # ISO 8601, UTC
    machines: tuple[str, ...] = ()  # kinds: CPU and system, the last one first

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Self:
        """Return what the tags of a run or a version say; 0 times if there is none.

        >>> Reproduced.of({}).count
        0
        """
        try:
            return from_text(cls, tags[REPRODUCED], REPRODUCED)
        except (KeyError, RegistryError):  # none, or garbled
            return cls()

    def once_more(self, at: str, machine: str) -> Self:
        """Return the number after one more time.

        >>> Reproduced().once_more("2026-11-30T08:00:00+00:00", "AMD EPYC, Linux").count
        1
        """
        others = tuple(one for one in self.machines if one != machine)
        kinds = (machine, *others)[:_MOST_MACHINES]
        return replace(self, count=self.count + 1, last=at, machines=kinds)

    def __str__(self) -> str:
        if not self.count:
            return ""
        return f"reproduced {self.count}x, last {self.last[:_DAY]} on {self.machines[0]}"
