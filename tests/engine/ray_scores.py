"""Scores of parts for tests, in a module that a worker imports at once."""

import os
import sys

from spaceship.engine._base import Part

PARTS = [Part(at, f"file:///part-{at}.arrow", 1) for at in range(6)]


def process_of(part: Part) -> tuple[int, int]:
    sys.stdout.write("a line of a worker\n")
    return part.number, os.getpid()
