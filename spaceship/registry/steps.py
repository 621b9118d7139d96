"""Steps of an alias: its moves on record, and changes made outside, which the alias shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from spaceship.registry.moves import Move, MoveState


@dataclass(frozen=True)
class Step:
    """One step of an alias.

    >>> Step("2", None).is_outside
    True
    """

    version: str | None  # that the alias points to afterwards; None: it is gone
    move: Move | None  # its record; None: made outside, by hand or by another tool

    @property
    def is_outside(self) -> bool:
        """Whether the step was made outside and has no record."""
        return self.move is None


def steps_of(moves: Sequence[Move], alias: str, current: str | None) -> list[Step]:
    """Return the steps of an alias, oldest first; the last one leads to where it points now.

    A move that starts elsewhere than the one before it ended shows a change made outside between
    them; so does an alias that points elsewhere than the last move led to.

    >>> move = Move.prepared("champion", None, "the first", {}).to("1").ended(MoveState.DONE)
    >>> [(step.version, step.is_outside) for step in steps_of([move], "champion", "2")]
    [('1', False), ('2', True)]
    """
    steps: list[Step] = []
    version = None
    for move in moves:
        ended = move.settled(current) if move.is_open else move
        if ended.alias != alias or ended.state != MoveState.DONE:
            continue
        if ended.before != version:
            steps.append(Step(ended.before, None))
        steps.append(Step(ended.after, ended))
        version = ended.after
    return steps if version == current else [*steps, Step(current, None)]


def earlier_versions(steps: Sequence[Step]) -> list[str]:
    """Return the versions that an alias can go back to, in the order to try.

    Going back twice goes back two versions: a version that was rolled back does not count. If the
    alias points nowhere now, the version that it pointed to last is the last resort.

    >>> earlier_versions([Step(number, None) for number in ("1", "2", "3", "2")])
    ['1']
    >>> earlier_versions([Step(number, None) for number in ("1", "2", None)])
    ['1', '2']
    """
    line: list[str] = []
    for number in (step.version for step in steps):
        if number is not None:
            known = line.index(number) if number in line else len(line)
            line = [*line[:known], number]
    is_gone = bool(steps) and steps[-1].version is None
    return [*reversed(line[:-1]), *(line[-1:] if is_gone else [])]
