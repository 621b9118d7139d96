"""Versions, aliases, the record of their moves, and artifacts that are fetched."""

import json
from pathlib import Path

import pytest

from spaceship.errors import NoChampionError, RegistryError
from spaceship.files import digest
from spaceship.registry.moves import MoveState, completed_moves
from spaceship.registry.registry import CHALLENGER, CHAMPION, MODEL, Registry
from spaceship.registry.registry import RECIPE as RECIPE_TAG

RECIPE = {"name": "lgbm", "estimator": {"random_state": "${seed}"}}


def register(registry: Registry, folder: Path, **tags: str) -> str:
    """Register something that is no model: the registry does not look inside."""
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    return registry.register({MODEL: folder}, run_id, {RECIPE_TAG: json.dumps(RECIPE)} | tags)


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
    run = registry.store.client.upstream.get_run(version.run_id)  # type: ignore[attr-defined]
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
