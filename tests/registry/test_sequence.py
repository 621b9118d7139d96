"""Moves in sequence, whatever clocks say: set back, hours apart, ahead; and moves given up."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spaceship.errors import OutdatedError, RegistryError
from spaceship.registry import aliases, moves
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.registry.test_crashes import DEAD, ELSEWHERE, intend, last, meanwhile, state_of
from tests.registry.test_registry import champions, register

CLOCKS = {
    "set back two hours": (0, -2, -2, -2),
    "two machines hours apart": (0, 5, 0, 5),
    "a move dated ahead": (0, 24 * 365, 0, 0),
    "from before the first release": (0, -24 * 9999, -24 * 9999, 0),
}


def set_clock(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    monkeypatch.setattr(moves, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))


@pytest.mark.parametrize("hours", CLOCKS.values(), ids=CLOCKS)
def test_history_and_the_way_back_are_right_whatever_the_clocks(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: tuple[int, ...]
) -> None:
    for number, shift in zip("123", hours, strict=False):
        set_clock(monkeypatch, shift)
        register(registry, tmp_path / "model")
        with registry.aliases.lock():
            registry.aliases.move(CHAMPION, number, "better")
    assert champions(registry) == ["1", "2", "3"]
    assert not any(step.is_outside for step in registry.aliases.steps(CHAMPION))
    set_clock(monkeypatch, hours[-1])
    for expected in ("2", "1"):
        assert registry.previous_champion() == expected
        with registry.aliases.lock():
            registry.aliases.move(CHAMPION, expected, "back")
    made = registry.aliases.moves()
    assert [move.number for move in made] == [1, 2, 3, 4, 5]
    assert [move.follows for move in made] == [None, *(move.key for move in made[:-1])]
    with pytest.raises(RegistryError, match="version 1 only"):
        registry.previous_champion()


@pytest.mark.parametrize("hours", [-24 * 999, 0, 24 * 999])
def test_an_open_move_of_a_process_that_cannot_be_seen_is_given_up_after_a_silence(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    registry.aliases.move(CHAMPION, "1", "first")
    set_clock(monkeypatch, hours)
    other = meanwhile(registry, ELSEWHERE)
    set_clock(monkeypatch, 0)
    with registry.aliases.lock():
        assert state_of(registry, other) == MoveState.PREPARING, "whatever its time says"
    monkeypatch.setattr(aliases, "SILENCE_SECONDS", 0.7)
    start = time.monotonic()
    with registry.aliases.lock():
        registry.aliases.move(CHAMPION, "2", "second")
    assert time.monotonic() - start >= 0.7
    assert state_of(registry, other) == MoveState.CANCELLED
    with pytest.raises(OutdatedError, match="given up by another process"):
        registry.aliases.complete(other, "1")
    assert champions(registry) == ["1", "2"]


def test_a_move_that_goes_on_elsewhere_is_not_given_up(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    other = meanwhile(registry, ELSEWHERE)
    monkeypatch.setattr(aliases, "SILENCE_SECONDS", 1.5)

    def go_on() -> None:
        time.sleep(1)
        registry.aliases.record(other.to("1"))
        time.sleep(1)
        registry.store.client.set_registered_model_alias(registry.model, CHAMPION, "1")
        registry.aliases.record(other.to("1").ended(MoveState.DONE))

    thread = threading.Thread(target=go_on)
    thread.start()
    with registry.aliases.lock():
        done = registry.aliases.move(CHALLENGER, "2", "second")
    thread.join()
    assert (done.number, done.follows) == (other.number + 1, other.key)
    assert [move.state for move in registry.aliases.moves()] == [MoveState.DONE] * 2


def test_a_move_that_stays_open_is_not_waited_for_for_ever(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.aliases.create_model()
    meanwhile(registry, ELSEWHERE)
    monkeypatch.setattr(aliases, "LOCK_SECONDS", 0.5)
    with (
        pytest.raises(RegistryError, match=r"moving one for 0\.5 s; wait"),
        registry.aliases.lock(),
    ):
        registry.aliases.move(CHAMPION, None, "not now")
    assert [move.state for move in registry.aliases.moves()] == [MoveState.PREPARING]


def test_a_record_that_came_between_is_followed(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    record = aliases.Aliases.record
    came: list[Move] = []

    def late(self: aliases.Aliases, move: Move) -> None:
        if not came:  # as another machine would: a whole move after ours was numbered
            came.append(replace(move, key="move-other").to("1").ended(MoveState.DONE))
            record(self, came[0])
        record(self, move)

    monkeypatch.setattr(aliases.Aliases, "record", late)
    done = registry.aliases.move(CHAMPION, "2", "ours")
    assert (done.number, done.follows) == (2, "move-other")
    assert [move.number for move in registry.aliases.moves()] == [1, 2]


def test_records_of_an_earlier_release_are_followed(registry: Registry, tmp_path: Path) -> None:
    for _ in range(3):
        register(registry, tmp_path / "model")
    client = registry.store.client
    for at, before, after in (("2026-11-01", None, "1"), ("2026-11-02", "1", "2")):
        key = f"move-{at}T00:00:00.000000Z-12345678"
        content = {"at": f"{at}T00:00:00.000000Z", "alias": CHAMPION, "before": before}
        content |= {"after": after, "reason": "old", "by": "me@here", "state": "done", "key": key}
        client.set_registered_model_tag(registry.model, key, json.dumps(content))
    client.set_registered_model_alias(registry.model, CHAMPION, "2")
    done = registry.aliases.move(CHAMPION, "3", "new")
    assert (done.number, done.follows) == (1, "move-2026-11-02T00:00:00.000000Z-12345678")
    assert champions(registry) == ["1", "2", "3"]
    assert registry.previous_champion() == "2"


def test_a_dead_process_is_not_waited_for(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    killed = intend(registry, CHAMPION, None, "1")
    assert killed.process == DEAD
    start = time.monotonic()
    done = registry.aliases.move(CHAMPION, "1", "again")
    assert time.monotonic() - start < 5
    assert (state_of(registry, killed), done.follows) == (MoveState.CANCELLED, killed.key)
    assert last(registry) == done
