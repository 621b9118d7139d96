"""Records of alias moves: their sequence, their stages, their form as a tag.

MLflow sets an alias without a check or a history. Here each move is one tag that only its own
process writes, three times:

1. `preparing`, before anything is registered: it locks out the processes of other machines.
2. `intent`, once the version is known: after a crash, the alias shows whether it has moved.
3. `done` after the alias has moved, or `cancelled` if it never did.

A record has a number and names the record before it. Their order rests on the numbers alone; the
time is the writer's own clock's, and is only shown.
"""

import json
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator

from hydra_plugins.spaceship_optuna.process import is_orphan, is_own
from spaceship.errors import RegistryError
from spaceship.records import from_text, to_plain
from spaceship.text import one_line
from spaceship.tracking.tag_names import hidden, plain

_PREFIX = "move-"
_LENGTHS = {"reason": 1000, "by": 200}  # a whole record has to fit PostgreSQL's 5000 characters


def now() -> datetime:
    """Return the time by this machine's clock, the one place where a record's time is read.

    >>> now().tzinfo
    datetime.timezone.utc
    """
    return datetime.now(UTC)


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return one_line(text)


Line = Annotated[str, AfterValidator(one_line)]
"""A text that stays on its line: whatever could steer a terminal is escaped, also on reading."""


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

    at: Annotated[str, AfterValidator(_moment)]  # of its preparation, ISO 8601, UTC; only shown
    alias: Line
    before: Line | None  # version that the alias pointed to, if it did
    after: Line | None  # version that it points to afterwards; None takes the alias away
    reason: Line
    by: Line  # account@host
    state: MoveState
    key: str  # among the registered model's tags
    process: Mapping[str, str] = field(default_factory=dict)  # as `process_tags` gives it
    number: int = 0  # in the sequence of records; 0: of an earlier release, ordered by key
    follows: str | None = None  # key of the record before it

    @classmethod
    def prepared(
        cls,
        alias: str,
        before: str | None,
        reason: str,
        process: Mapping[str, str],
        last: Self | None = None,
    ) -> Self:
        """Return a move by this account, prepared now, that follows the last one on record."""
        number, follows = (1, None) if last is None else (last.number + 1, last.key)
        return cls(
            at=now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            alias=alias,
            before=before,
            after=None,
            reason=one_line(reason)[: _LENGTHS["reason"]],
            by=one_line(f"{account()}@{socket.gethostname()}")[: _LENGTHS["by"]],
            state=MoveState.PREPARING,
            key=hidden(f"{_PREFIX}{number:08}-{uuid.uuid4().hex[:8]}"),
            process=dict(process),
            number=number,
            follows=follows,
        )

    def to(self, after: str | None) -> Self:
        """Return the move with the version it leads to; None takes the alias away."""
        return replace(self, after=after, state=MoveState.INTENT)

    def ended(self, state: MoveState) -> Self:
        """Return the move with its outcome."""
        return replace(self, state=state)

    def settled(self, current: str | None) -> Self:
        """Return an open move with the outcome that its alias shows.

        >>> Move.prepared("champion", "1", "killed half-way", {}).to("2").settled("2").state
        <MoveState.DONE: 'done'>
        """
        moved = self.state == MoveState.INTENT and self.after == current
        return self.ended(MoveState.DONE if moved else MoveState.CANCELLED)

    @property
    def is_open(self) -> bool:
        """Whether the move is neither done nor cancelled."""
        return self.state in {MoveState.PREPARING, MoveState.INTENT}

    @property
    def is_dead(self) -> bool:
        """Whether its process is dead or this one: if it is open, no process works on it."""
        return not self.process or is_own(self.process) or is_orphan(self.process)

    @property
    def when(self) -> datetime:
        """The time of its preparation by the clock of its machine."""
        moment = datetime.fromisoformat(self.at)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def to_tag(self) -> str:
        """Return the move as the value of its tag, JSON."""
        return json.dumps(to_plain(self), ensure_ascii=False)


class Records(NamedTuple):
    """The records among a registered model's tags."""

    moves: Sequence[Move]  # oldest first
    unreadable: Mapping[str, str]  # reason why a tag is no record, by its key


def read_records(tags: Mapping[str, str]) -> Records:
    """Return the records among a registered model's tags; other tags are ignored.

    >>> move = Move.prepared("champion", None, "the first", {})
    >>> records = read_records({"task": "churn", move.key: move.to_tag(), "move-1": "a stray text"})
    >>> records.moves == [move], [*records.unreadable]
    (True, ['move-1'])
    """
    moves: list[Move] = []
    unreadable: dict[str, str] = {}
    for key in sorted(key for key in tags if plain(key).startswith(_PREFIX)):
        try:
            moves.append(replace(from_text(Move, tags[key], "the tag"), key=key))
        except RegistryError as error:
            unreadable[key] = str(error).partition(";")[0]
    return Records(sorted(moves, key=lambda move: (move.number, move.key)), unreadable)


def completed_moves(moves: Sequence[Move], alias: str) -> Sequence[Move]:
    """Return the moves of one alias that took place, oldest first.

    >>> completed_moves([Move.prepared("champion", None, "still open", {})], "champion")
    []
    """
    return [move for move in moves if move.alias == alias and move.state == MoveState.DONE]


def account() -> str:
    """Return the account of this process, whatever variables such as LOGNAME say.

    >>> account() != ""
    True
    """
    try:
        import pwd
    except ImportError:  # Windows
        import getpass

        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers run under numbers that have no name
        return str(os.getuid())
