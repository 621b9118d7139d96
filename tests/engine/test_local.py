"""The local engine: every part scored once, in this process or in others, an error raised here."""

import os
import signal
from typing import Any

import pytest

from spaceship.engine._base import Part
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError, DataError

PARTS = [Part(at, f"file:///part-{at}.arrow", 1) for at in range(6)]


def process_of(part: Part) -> tuple[int, int]:
    if part.number == 9:
        raise DataError("expected a part, found none; do nothing")
    return part.number, os.getpid()


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_every_part_is_scored_once(workers: int) -> None:
    scored: list[tuple[int, int]] = []
    LocalEngine(workers).run(PARTS, process_of, scored.append)
    assert sorted(number for number, _ in scored) == [*range(6)]
    assert ({process for _, process in scored} == {os.getpid()}) == (workers == 1)
    LocalEngine(workers).run([], process_of, scored.append)
    assert len(scored) == 6


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_part_is_raised_as_it_is(workers: int) -> None:
    parts = [*PARTS, Part(9, "file:///none", 1)]
    with pytest.raises(DataError, match=r"^expected a part, found none; do nothing$"):
        LocalEngine(workers).run(parts, process_of, lambda _: None)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "two"])
def test_a_number_that_is_none_is_refused(workers: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected engine\.workers=1 or more, found"):
        LocalEngine(workers)


def ended_by_the_system(part: Part) -> int:
    if part.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return part.number


def test_a_process_that_the_system_ends_is_told() -> None:
    with pytest.raises(ConfigError, match=r"one that the system has ended.*engine\.workers=1"):
        LocalEngine(2).run(PARTS, ended_by_the_system, lambda _: None)
    scored: list[tuple[int, int]] = []
    LocalEngine(2).run(PARTS, process_of, scored.append)
    assert len(scored) == 6
