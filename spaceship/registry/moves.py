"""Records of alias moves: their stages, their form as a tag, the history read from them.

MLflow's alias is a blind write with no history. Here each move is one tag that only its own process
writes, three times:

1. `preparing`, before anything is registered: it locks out the processes of other machines.
2. `intent`, once the version is known: after a crash, the alias shows whether it has moved.
3. `done` after the alias has moved, or `cancelled` if it never did.
"""

import getpass
import json
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from spaceship.records import from_text, to_plain

STALE = timedelta(minutes=10)
"""Age at which an open move of another machine, whose processes cannot be seen, is given up."""
_PREFIX = "move-"
_REASON_LENGTH = 1000


class MoveState(StrEnum):
    """Stage of a move, see the head of this module."""

    PREPARING = "preparing"
    INTENT = "intent"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Move:
    """One move of an alias.

    >>> move = Move.prepared("champion", before="1", reason="3.2 % better", process={})
    >>> move.to("2").ended(MoveState.DONE).is_open
    False
    """

    at: str  # time of its preparation, ISO 8601, UTC
    alias: str
    before: str | None  # version that the alias pointed to, if it did
    after: str | None  # version that it points to afterwards; None takes the alias away
    reason: str
    by: str  # user@host
    state: MoveState
    key: str  # among the registered model's tags
    process: Mapping[str, str] = field(default_factory=dict)  # as `process_tags` gives it

    @classmethod
    def prepared(
        cls, alias: str, before: str | None, reason: str, process: Mapping[str, str]
    ) -> Self:
        """Return a move by this user, prepared now."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        by = f"{_user()}@{socket.gethostname()}"
        key = f"{_PREFIX}{now}-{uuid.uuid4().hex[:8]}"
        short = reason[:_REASON_LENGTH]
        return cls(now, alias, before, None, short, by, MoveState.PREPARING, key, dict(process))

    def to(self, after: str | None) -> Self:
        """Return the move with the version it leads to; None takes the alias away."""
        return replace(self, after=after, state=MoveState.INTENT)

    def ended(self, state: MoveState) -> Self:
        """Return the move with its outcome."""
        return replace(self, state=state)

    @property
    def is_open(self) -> bool:
        """Whether the move is neither done nor cancelled."""
        return self.state in {MoveState.PREPARING, MoveState.INTENT}

    @property
    def is_stale(self) -> bool:
        """Whether the move is so old that its process, if it is still open, must be gone."""
        return datetime.now(UTC) - datetime.fromisoformat(self.at) > STALE

    def to_tag(self) -> str:
        """Return the move as the value of its tag, JSON."""
        return json.dumps(to_plain(self))


def read_moves(tags: Mapping[str, str]) -> Sequence[Move]:
    """Return the moves among a registered model's tags, oldest first.

    >>> move = Move.prepared("champion", None, "the first", {})
    >>> read_moves({"task": "churn", move.key: move.to_tag()}) == [move]
    True
    """
    keys = sorted(key for key in tags if key.startswith(_PREFIX))
    return [from_text(Move, tags[key], f"the tag {key}") for key in keys]


def completed_moves(moves: Sequence[Move], alias: str) -> Sequence[Move]:
    """Return the moves of one alias that took place, oldest first.

    >>> completed_moves([Move.prepared("champion", None, "still open", {})], "champion")
    []
    """
    return [move for move in moves if move.alias == alias and move.state == MoveState.DONE]


def version_before(moves: Sequence[Move], alias: str, current: str) -> str | None:
    """Return the version that an alias pointed to before the current one, or None.

    Going back twice goes back two versions: a version that was rolled back does not count.

    >>> def done(n):
    ...     return Move.prepared("champion", None, "", {}).to(n).ended(MoveState.DONE)
    >>> version_before([done("1"), done("2"), done("3"), done("2")], "champion", "2")
    '1'
    """
    line: list[str] = []
    for move in completed_moves(moves, alias):
        if move.after is not None:
            known = line.index(move.after) if move.after in line else len(line)
            line = [*line[:known], move.after]
    before = line[: line.index(current)] if current in line else line
    return before[-1] if before else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # containers run under numbers that have no name
        return str(os.getuid())
