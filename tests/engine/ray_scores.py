"""Scores of parts for tests, in a module that a worker imports at once."""

import os
import signal
import sys

from spaceship.engine._base import Part
from spaceship.errors import DataError

PARTS = [Part(at, f"file:///part-{at}.arrow", 1) for at in range(6)]


def process_of(part: Part) -> tuple[int, int]:
    if part.number == 9:
        raise DataError("expected a part, found none; do nothing")
    sys.stdout.write("a line of a worker\n")
    return part.number, os.getpid()


def ended_by_the_system(part: Part) -> int:
    if part.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return part.number
