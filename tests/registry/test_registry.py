"""Versions, aliases and the record of their moves, with crashes at the worst moments."""

import json
import sys
import threading
import time
from itertools import chain
from pathlib import Path

import pytest

from hydra_plugins.spaceship_optuna.process import process_tags
from spaceship.errors import NoChampionError, OutdatedError, RegistryError
from spaceship.files import digest
from spaceship.registry.moves import Move, MoveState, completed_moves
from spaceship.registry.registry import CHALLENGER, CHAMPION, MODEL, Registry
from spaceship.registry.registry import RECIPE as RECIPE_TAG
from tests.forks import Fork

DEAD = {**process_tags(), "spaceship.process": json.dumps([2**22 + 1, 0.0])}
ELSEWHERE = {**process_tags(), "spaceship.place": "another-machine"}
RECIPE = {"name": "lgbm", "estimator": {"random_state": "${seed}"}}
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


def register(registry: Registry, folder: Path, **tags: str) -> str:
    """Register something that is no model: the registry does not look inside."""
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    return registry.register({MODEL: folder}, run_id, {RECIPE_TAG: json.dumps(RECIPE)} | tags)


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


def champions(registry: Registry) -> list[str | None]:
    return [move.after for move in completed_moves(registry.aliases.moves(), CHAMPION)]


def test_an_empty_registry(registry: Registry) -> None:
    assert registry.find(CHAMPION) is None
    assert registry.aliases.moves() == []
    with pytest.raises(
        NoChampionError, match=r"champion of spaceship_titanic-synthetic, found none"
    ):
        registry.champion()
    with pytest.raises(RegistryError, match=r"an earlier champion of .*, found none"):
        registry.previous_champion()
    with registry.aliases.lock():
        pass


def test_versions_are_numbered_and_know_their_run_and_recipe(
    registry: Registry, tmp_path: Path
) -> None:
    numbers = [register(registry, tmp_path / "model", award="champion") for _ in range(2)]
    assert numbers == ["1", "2"]
    version = registry.version("2")
    assert version.recipe == RECIPE
    run = registry.store.client.get_run(version.run_id)
    assert run.outputs is not None
    assert run.outputs.model_outputs[0].model_id
    assert registry.find(CHAMPION) is None, "registering alone moves nothing"


def test_a_version_without_recipe_has_an_empty_one(registry: Registry, tmp_path: Path) -> None:
    number = register(registry, tmp_path / "model")
    registry.store.client.delete_model_version_tag(registry.model, number, RECIPE_TAG)
    assert registry.version(number).recipe == {}


def test_every_move_is_on_record(registry: Registry, tmp_path: Path) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    with registry.aliases.lock():
        registry.aliases.move(CHALLENGER, "1", "beats nobody " * 1000)
        registry.aliases.move(CHAMPION, "1", "first")
        registry.aliases.move(CHAMPION, "2", "better: Zürich")
        registry.aliases.move(CHALLENGER, None, "retired")
        registry.aliases.move(CHALLENGER, None, "was not there")
    found = [(move.alias, move.before, move.after, move.state) for move in registry.aliases.moves()]
    assert found == [
        (CHALLENGER, None, "1", MoveState.DONE),
        (CHAMPION, None, "1", MoveState.DONE),
        (CHAMPION, "1", "2", MoveState.DONE),
        (CHALLENGER, "1", None, MoveState.DONE),
        (CHALLENGER, None, None, MoveState.DONE),
    ]
    assert registry.aliases.moves()[2].reason == "better: Zürich"
    assert registry.champion().number == "2"
    assert registry.find(CHALLENGER) is None


def test_going_back_step_by_step_until_there_is_nothing(registry: Registry, tmp_path: Path) -> None:
    for number in ("1", "2", "3"):
        register(registry, tmp_path / "model")
        registry.aliases.move(CHAMPION, number, "trained")
    for expected in ("2", "1"):
        assert registry.previous_champion() == expected
        registry.aliases.move(CHAMPION, expected, "rolled back")
    with pytest.raises(RegistryError, match=r"found version 1 only; there is nothing to go back"):
        registry.previous_champion()
    registry.aliases.move(CHAMPION, "3", "promoted again")
    assert registry.previous_champion() == "1"
    assert champions(registry) == ["1", "2", "3", "2", "1", "3"]


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


def test_the_move_that_a_run_has_made(registry: Registry, tmp_path: Path) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    first, second = (registry.version(number).run_id for number in ("1", "2"))
    registry.aliases.prepare(CHAMPION, {CHAMPION: None}, "broken off")
    assert registry.move_of(first) is None
    with registry.aliases.lock():
        registry.aliases.move(CHAMPION, "2", "better")
    assert registry.move_of(first) is None
    made = registry.move_of(second)
    assert made is not None
    assert (made.alias, made.after, made.reason) == (CHAMPION, "2", "better")


def test_a_champion_that_was_deleted_is_passed_over(registry: Registry, tmp_path: Path) -> None:
    for number in ("1", "2", "3"):
        register(registry, tmp_path / "model")
        registry.aliases.move(CHAMPION, number, "better")
    registry.store.client.delete_model_version(registry.model, "2")
    assert registry.previous_champion() == "1"
    registry.store.client.delete_model_version(registry.model, "1")
    with pytest.raises(RegistryError, match="version 2 is deleted, version 1 is deleted"):
        registry.previous_champion()


def test_an_alias_is_taken_away_only_from_the_version_that_has_it(
    registry: Registry, tmp_path: Path
) -> None:
    for _ in range(2):
        register(registry, tmp_path / "model")
    registry.aliases.move(CHALLENGER, "2", "by somebody else")
    registry.aliases.take_away(CHALLENGER, "1", "it became champion")
    assert registry.aliases.current() == {CHALLENGER: "2"}
    registry.aliases.take_away(CHALLENGER, "2", "it became champion")
    assert registry.aliases.current() == {}
    assert [move.state for move in registry.aliases.moves()] == [MoveState.DONE, MoveState.DONE]


def test_an_artifact_is_fetched_if_not_a_byte_has_changed(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "a.txt").write_text("text")
    files = {MODEL: folder, "twin": tmp_path / "twin"}
    version = registry.version(registry.register(files, run_id, {}))
    assert version.digests == {name: digest(path) for name, path in files.items()}
    for n in range(2):
        where = tmp_path / f"first-{n}"
        where.mkdir()
        assert (registry.fetch(version, "model", where) / "MLmodel").is_file()
        assert (registry.fetch(version, "twin", where) / "a.txt").read_text() == "text"
    for path in Path(str(registry.store.artifacts)).rglob("*"):
        if path.name in {"a.txt", "MLmodel"}:
            path.write_bytes(path.read_bytes()[:-1] + b"!")
    for name in files:
        where = tmp_path / f"changed-{name}"
        where.mkdir()
        with pytest.raises(RegistryError, match=rf"{name} of version 1 .* found it changed"):
            registry.fetch(version, name, where)


def test_an_artifact_that_is_lost_is_missed_with_a_next_step(
    registry: Registry, tmp_path: Path
) -> None:
    version = registry.version(register(registry, tmp_path / "model"))
    (lost,) = Path(str(registry.store.artifacts)).rglob("MLmodel")
    lost.unlink()
    with pytest.raises(RegistryError, match=r"model of version 1 .*it missing; .*mode=rollback"):
        registry.fetch(version, MODEL, tmp_path / "fetched")
