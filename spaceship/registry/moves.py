"""The record of every move of an alias, kept as tags of the registered model itself.

MLflow's alias is a blind write with no history. Here each move is one tag that only its mover
writes: that it prepares, what it intends once that is certain, and the outcome after the alias has
moved. So a crash at any point can be told from a move that took place, and whoever sees the open
move of another process, on whatever machine, keeps off.
"""

import getpass
import json
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

PREPARING, INTENT, DONE, CANCELLED = "preparing", "intent", "done", "cancelled"
STALE = timedelta(minutes=10)
"""Age at which the open move of a process on another machine, which cannot be seen, is given up."""
_PREFIX = "move-"
_REASON_LENGTH = 1000


@dataclass(frozen=True)
class Move:
    """One move of an alias.

    Attributes:
        at: When it was decided, ISO 8601, UTC.
        alias: Which alias moved.
        before: Version number it pointed to, or None.
        after: Version number it points to since, or None when it was taken away.
        reason: On what grounds.
        by: Who moved it, `user@host`.
        state: `preparing` until `after` is known, `intent` until the alias has moved, then `done`;
            `cancelled` if it never did.
        key: Its key among the registered model's tags.
        process: Which process moves it, as tags of `spaceship.process`.

    """

    at: str
    alias: str
    before: str | None
    after: str | None
    reason: str
    by: str
    state: str
    key: str
    process: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def prepared(
        cls, alias: str, before: str | None, reason: str, process: Mapping[str, str]
    ) -> Self:
        """Return a move that is being prepared, by this user, now."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        by = f"{_user()}@{socket.gethostname()}"
        key = f"{_PREFIX}{now}-{uuid.uuid4().hex[:8]}"
        told = reason[:_REASON_LENGTH]
        return cls(now, alias, before, None, told, by, PREPARING, key, dict(process))

    def to(self, after: str | None) -> Self:
        """Return the move once it is certain where it leads; None takes the alias away."""
        return replace(self, after=after, state=INTENT)

    def ended(self, state: str) -> Self:
        """Return the move with its outcome."""
        return replace(self, state=state)

    @property
    def is_open(self) -> bool:
        """Whether its outcome is not known yet."""
        return self.state in {PREPARING, INTENT}

    @property
    def is_stale(self) -> bool:
        """Whether it has been open for so long that its process must be gone."""
        return datetime.now(UTC) - datetime.fromisoformat(self.at) > STALE

    def to_tag(self) -> str:
        """Return the move as the value of its tag."""
        return json.dumps(asdict(self))


def read_moves(tags: Mapping[str, str]) -> Sequence[Move]:
    """Return the moves among a registered model's tags, oldest first."""
    keys = sorted(key for key in tags if key.startswith(_PREFIX))
    return [Move(**json.loads(tags[key])) for key in keys]


def reigns(moves: Sequence[Move], alias: str) -> Sequence[Move]:
    """Return the moves of one alias that took place, oldest first."""
    return [move for move in moves if move.alias == alias and move.state == DONE]


def predecessor(moves: Sequence[Move], alias: str, current: str) -> str | None:
    """Return the version an alias pointed to before the current one, or None.

    Going back twice goes back two versions: what was undone by going back does not count.
    """
    line: list[str] = []
    for move in reigns(moves, alias):
        if move.after in line:
            line = line[: line.index(move.after)]
        if move.after is not None:
            line.append(move.after)
    before = line[: line.index(current)] if current in line else line
    return before[-1] if before else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # containers run under numbers that have no name
        return str(os.getuid())
