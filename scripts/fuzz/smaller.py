"""Smaller nasty tables that still break: columns and halves of the rows are left out in turn."""

from collections.abc import Callable
from dataclasses import replace

from scripts.fuzz.nasty import Nasty

TRIES = 40
"""Smaller tables that are tried for each fault."""


def smallest(drawn: Nasty, fails: Callable[[Nasty], bool]) -> Nasty:
    """Return a smaller table that still fails: columns and halves of the rows are left out."""
    left = TRIES
    changed = True
    while changed and left > 0:
        changed = False
        size, width = len(drawn.train) - 1, len(drawn.train[0])
        tries = [drawn.rows(0, size // 2), drawn.rows(size // 2, size)] if size > 1 else []
        tries += [replace(drawn, test=None)] if drawn.test is not None else []
        kept = {*drawn.roles.values()}
        tries += [drawn.without(at) for at in range(width) if drawn.train[0][at] not in kept]
        if width > TRIES:
            tries.insert(0, _half(drawn, kept))
        for smaller in tries:
            left -= 1
            if left > 0 and fails(smaller):
                drawn, changed = smaller, True
                break
    return drawn


def _half(drawn: Nasty, kept: set[str]) -> Nasty:
    smaller = drawn
    for at in reversed(range(0, len(drawn.train[0]), 2)):
        if drawn.train[0][at] not in kept:
            smaller = smaller.without(at)
    return smaller
