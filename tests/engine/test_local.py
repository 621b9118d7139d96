"""The local engine: every part scored once, in this process or in others, an error raised here."""

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spaceship.engine._base import Part
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError, DataError

COMMAND, BAD = os.getpid(), 99
MANY = [Part(at, f"file:///{COMMAND}", 1) for at in range(25)]
PARTS = MANY[:6]


def in_command(part: Part) -> bool:
    return part.path.name == str(os.getpid())


def process_of(part: Part) -> tuple[int, int]:
    if part.number == BAD:
        raise DataError("expected a part, found none; do nothing")
    if in_command(part):
        time.sleep(0.2)  # the other process is there by then, or after some parts
    return part.number, os.getpid()


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_part_is_scored_once(workers: int) -> None:
    scored: list[tuple[int, int]] = []
    parts = MANY if workers > 1 else PARTS
    LocalEngine(workers).run(parts, process_of, scored.append)
    assert sorted(number for number, _ in scored) == [*range(len(parts))]
    processes = {process for _, process in scored}
    assert COMMAND in processes
    assert (len(processes) > 1) == (workers > 1)
    LocalEngine(workers).run([], process_of, scored.append)
    assert len(scored) == len(parts)


def test_processes_that_are_started_have_loaded_what_they_score_with(tmp_path: Path) -> None:
    scored: list[tuple[int, int]] = []
    engine, made = LocalEngine(3), tmp_path / "made"
    with engine.started(partial(os.mkdir, made)):  # the second one to call it gets an error
        while not made.exists():
            time.sleep(0.01)
        engine.run(PARTS, process_of, scored.append)
    assert sorted(number for number, _ in scored) == [*range(6)]
    assert {process for _, process in scored} - {COMMAND}
    with LocalEngine(1).started(partial(os.mkdir, tmp_path / "none")):
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_part_is_raised_as_it_is(workers: int) -> None:
    for parts in ([*PARTS, Part(BAD, "file:///none", 1)], [Part(BAD, "file:///none", 1), *PARTS]):
        with pytest.raises(DataError, match=r"^expected a part, found none; do nothing$"):
            LocalEngine(workers).run(parts, process_of, lambda _: None)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "two"])
def test_a_number_that_is_none_is_refused(workers: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected engine\.workers=1 or more, found"):
        LocalEngine(workers)


def ended_by_the_system(part: Part) -> int:
    if in_command(part):
        time.sleep(0.2)
    elif part.number > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return part.number


def test_a_process_that_the_system_ends_is_told() -> None:
    with pytest.raises(ConfigError, match=r"one that the system has ended.*engine\.workers=1"):
        LocalEngine(2).run(MANY, ended_by_the_system, lambda _: None)
    scored: list[tuple[int, int]] = []
    LocalEngine(2).run(PARTS, process_of, scored.append)
    assert len(scored) == 6
