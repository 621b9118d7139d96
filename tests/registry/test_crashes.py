"""Crashes and races of alias moves at the worst moments: the record and the alias agree again."""

import json
import sys
import threading
import time
from itertools import chain
from pathlib import Path

import pytest

from hydra_plugins.spaceship_optuna.process import process_tags
from spaceship.errors import OutdatedError
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.forks import Fork
from tests.registry.test_registry import champions, register

DEAD = {**process_tags(), "spaceship.process": json.dumps([2**22 + 1, 0.0])}
ELSEWHERE = {**process_tags(), "spaceship.place": "another-machine"}
MOVES_ALIASES = """
import sys, time
from pathlib import Path
from spaceship.errors import OutdatedError
from spaceship.registry.registry import Registry
from spaceship.tracking.store import Store
uri, folder, start, *numbers = sys.argv[1:]
registry = Registry(Store(uri, None, "spaceship"), "spaceship_titanic-synthetic", Path(folder))
registry.find("champion")
print("ready", flush=True)
while not Path(start).exists():
    time.sleep(0.01)
while numbers:
    try:
        with registry.aliases.lock():
            registry.aliases.move("champion", numbers[0], f"{numbers[0]} by itself")
        numbers.pop(0)
    except OutdatedError:
        pass
"""


def intend(registry: Registry, alias: str, before: str | None, after: str | None) -> Move:
    """Write down the intent of a move, and die."""
    move = Move.prepared(alias, before, "the last words", DEAD, last(registry)).to(after)
    registry.aliases.record(move)
    return move


def meanwhile(registry: Registry, process: dict[str, str]) -> Move:
    """Write down that another process prepares a move."""
    move = Move.prepared(CHAMPION, "1", "at the same time", process, last(registry))
    registry.aliases.record(move)
    return move


def last(registry: Registry) -> Move | None:
    return next(reversed(registry.aliases.moves()), None)


def state_of(registry: Registry, move: Move) -> str:
    return next(one.state for one in registry.aliases.moves() if one.key == move.key)


def point(registry: Registry, number: str) -> None:
    registry.store.client.set_registered_model_alias(registry.model, CHAMPION, number)


@pytest.mark.parametrize("alias_moved", [False, True])
def test_a_crash_within_a_move_is_mended_by_the_next_holder_of_the_lock(
    registry: Registry, tmp_path: Path, *, alias_moved: bool
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    registry.aliases.move(CHAMPION, "1", "first")
    move = intend(registry, CHAMPION, "1", "2")
    if alias_moved:
        point(registry, "2")
    assert state_of(registry, move) == MoveState.INTENT
    with registry.aliases.lock():
        assert state_of(registry, move) == (MoveState.DONE if alias_moved else MoveState.CANCELLED)
    assert registry.champion().number == ("2" if alias_moved else "1")
    assert champions(registry) == (["1", "2"] if alias_moved else ["1"])
    with registry.aliases.lock():
        assert [one.state for one in registry.aliases.moves()].count(MoveState.INTENT) == 0


def test_a_crash_of_the_very_first_move_leaves_no_champion(
    registry: Registry, tmp_path: Path
) -> None:
    register(registry, tmp_path / "model")
    move = intend(registry, CHAMPION, None, "1")
    with registry.aliases.lock():
        assert state_of(registry, move) == MoveState.CANCELLED
    assert registry.find(CHAMPION) is None


def test_a_crash_while_an_alias_is_taken_away(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    registry.aliases.move(CHALLENGER, "1", "a gain")
    kept = intend(registry, CHALLENGER, "1", None)
    with registry.aliases.lock():
        assert state_of(registry, kept) == MoveState.CANCELLED
    gone = intend(registry, CHALLENGER, "1", None)
    registry.store.client.delete_registered_model_alias(registry.model, CHALLENGER)
    with registry.aliases.lock():
        assert state_of(registry, gone) == MoveState.DONE


@pytest.mark.slow
@pytest.mark.parametrize("machines", [1, 4])
def test_four_processes_move_an_alias_and_every_move_is_there(
    registry: Registry, tmp_path: Path, machines: int
) -> None:
    for _ in range(4):
        register(registry, tmp_path / "model")
    turns = [[*"123123"], [*"234234"], [*"341341"], [*"412412"]]
    command = [sys.executable, "-c", MOVES_ALIASES, registry.store.uri]
    locks = [str(tmp_path / f"locks-{process % machines}") for process in range(4)]
    movers = [
        Fork([*command, lock, str(tmp_path / "go"), *numbers])
        for lock, numbers in zip(locks, turns, strict=True)
    ]
    for mover in movers:
        assert mover.stdout is not None
        mover.stdout.readline()
    (tmp_path / "go").touch()
    errors = [mover.communicate()[0] for mover in movers]
    assert [mover.returncode for mover in movers] == [0, 0, 0, 0], errors
    moves = registry.aliases.moves()
    assert sorted(str(move.after) for move in moves) == sorted(chain(*turns))
    assert {move.state for move in moves} == {MoveState.DONE}
    befores = [move.before for move in moves]
    assert befores == [None, *(move.after for move in moves[:-1])], "a chain without a gap"
    assert [move.number for move in moves] == [*range(1, len(moves) + 1)]
    assert [move.follows for move in moves] == [None, *(move.key for move in moves[:-1])]
    assert registry.champion().number == moves[-1].after


def test_a_crash_while_a_move_is_prepared_cancels_it(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    registry.aliases.move(CHAMPION, "1", "first")
    move = meanwhile(registry, DEAD)
    assert state_of(registry, move) == MoveState.PREPARING
    with registry.aliases.lock():
        assert state_of(registry, move) == MoveState.CANCELLED
    assert registry.champion().number == "1"


def test_an_error_while_a_move_is_prepared_cancels_it_at_once(
    registry: Registry, tmp_path: Path
) -> None:
    register(registry, tmp_path / "model")

    def broken_off() -> None:
        with registry.aliases.lock():
            registry.aliases.prepare(CHAMPION, {CHAMPION: None}, "to be broken off")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert [move.state for move in registry.aliases.moves()] == [MoveState.CANCELLED]
    assert registry.find(CHAMPION) is None


def test_a_move_on_another_machine_is_waited_for(registry: Registry, tmp_path: Path) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    registry.aliases.move(CHAMPION, "1", "first")
    other = meanwhile(registry, ELSEWHERE)
    timer = threading.Timer(
        0.6, registry.aliases.record, [other.to("1").ended(MoveState.CANCELLED)]
    )
    timer.start()
    start = time.monotonic()
    with registry.aliases.lock():
        done = registry.aliases.move(CHAMPION, "2", "second")
    timer.join()
    assert time.monotonic() - start > 0.5
    assert (done.before, registry.champion().number) == ("1", "2")
    assert [move.state for move in registry.aliases.moves()] == [
        MoveState.DONE,
        MoveState.CANCELLED,
        MoveState.DONE,
    ]


def test_a_champion_that_has_changed_is_not_replaced(registry: Registry, tmp_path: Path) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    registry.aliases.move(CHAMPION, "2", "by somebody else")
    with pytest.raises(OutdatedError, match=r"version 1 of .* to be champion, found 2"):
        registry.aliases.prepare(CHAMPION, {CHAMPION: "1"}, "decided on earlier")
    with pytest.raises(OutdatedError, match="found 2"):
        registry.aliases.prepare(
            CHALLENGER, {CHAMPION: None, CHALLENGER: None}, "decided on earlier"
        )
    assert [move.state for move in registry.aliases.moves()] == [MoveState.DONE]


def test_a_move_that_was_given_up_meanwhile_is_not_completed(
    registry: Registry, tmp_path: Path
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    move = registry.aliases.prepare(CHAMPION, {CHAMPION: None}, "takes an hour")
    registry.aliases.record(move.ended(MoveState.CANCELLED))
    point(registry, "2")  # another machine's champion
    with pytest.raises(OutdatedError, match="given up by another process"):
        registry.aliases.complete(move, "1")
    assert registry.champion().number == "2"
    assert state_of(registry, move) == MoveState.CANCELLED
