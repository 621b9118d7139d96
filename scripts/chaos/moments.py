"""Moments of a command at which faults are injected: before, after or within its writes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MANY = 20
"""Number of writes of one name from which on one in the middle is tried, too."""


@dataclass(frozen=True)
class Moment:
    """Moment of a command at which a fault is injected."""

    write: str  # name, such as `set_registered_model_alias champion`
    turn: int  # which of the writes of that name, from 0
    phase: str  # `before`, `after`, or `within`: before the last thing it puts on the disk
    touch: int = 0  # number of things it has put on the disk by then; for `within`


@dataclass(frozen=True)
class Write:
    """One write of a command."""

    number: int  # place among the command's writes, from 0
    name: str
    turn: int  # which of the writes of that name, from 0
    of: int  # number of writes of that name
    touches: int  # number of files it opens and transactions it commits

    def moment(self, phase: str) -> Moment:
        """Return the moment of a phase; `before`, if the write itself puts nothing on the disk."""
        if phase == "within" and self.touches:
            return Moment(self.name, self.turn, phase, self.touches - 1)
        return Moment(self.name, self.turn, "after" if phase == "after" else "before")

    def __str__(self) -> str:
        """Return the name that a table shows."""
        return self.name if self.of == 1 else f"{self.name} ({self.turn + 1} of {self.of})"


def chosen_writes(calls: Sequence[tuple[str, int]]) -> list[Write]:
    """Return the writes to try, in order: of each name the first, the last, of many a middle."""
    counts, seen = Counter(name for name, _ in calls), Counter[str]()
    found = []
    for number, (name, touches) in enumerate(calls):
        turn, of = seen[name], counts[name]
        seen[name] += 1
        if turn in {0, of - 1} or (of >= MANY and turn == of // 2):
            found.append(Write(number, name, turn, of, touches))
    return found
