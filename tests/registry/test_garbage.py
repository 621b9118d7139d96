"""Garbage in the registry is one message with the command that mends it; nothing is unpickled."""

import json
import os
import pickle
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spaceship.config.installation import program_anywhere
from spaceship.errors import RegistryError
from spaceship.registry import packaging
from spaceship.registry.registry import CHAMPION, DIGESTS, MODEL, Registry


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


def register(registry: Registry, folder: Path) -> str:
    """Register what lies in a folder and make it champion."""
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    number = registry.register({MODEL: folder}, registry.store.start_run("job", {}), {})
    registry.aliases.move(CHAMPION, number, "first")
    return number


def test_a_pickled_model_is_not_unpickled(registry: Registry, tmp_path: Path) -> None:
    (folder := tmp_path / "model").mkdir()
    for name in ("model.pkl", "model.skops"):
        (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    number = register(registry, folder)
    with pytest.raises(RegistryError, match=r"expected version 1 of .* to load, found"):
        packaging.load_version(registry, registry.version(number))
    (folder / "model.skops").unlink()
    with pytest.raises(RegistryError, match="found none that was stored by skops; "):
        packaging.load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_model_of_other_types_is_not_made(tmp_path: Path) -> None:
    import skops.io

    (tmp_path / "model.skops").write_bytes(skops.io.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(RegistryError, match="a model of types under"):
        packaging.load(tmp_path)


@pytest.mark.parametrize("tag", [None, "", "{", "[1]", "{}", '{"model": null}'])
def test_a_version_without_digests_is_not_used(
    registry: Registry, tmp_path: Path, tag: str | None
) -> None:
    number = register(registry, tmp_path / "model")
    client = registry.store.client
    client.delete_model_version_tag(registry.model, number, DIGESTS)
    if tag is not None:
        client.set_model_version_tag(registry.model, number, DIGESTS, tag)
    with pytest.raises(RegistryError, match=r"expected .*model of version 1 .*mode=rollback"):
        registry.fetch(registry.version(number), MODEL, tmp_path)


def test_a_renamed_model_is_not_trained_anew(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    registry.store.client.rename_registered_model(registry.model, "it's mine")
    with pytest.raises(RegistryError, match="found it renamed to it's mine; ") as caught:
        registry.find(CHAMPION)
    command = str(caught.value).partition("rename it back: ")[2]
    (folder := tmp_path / "any").mkdir()
    subprocess.run(["/bin/bash", "-c", command], cwd=folder, check=True, timeout=120)
    assert registry.champion().number == "1"
    assert list(folder.iterdir()) == []


def test_a_model_whose_row_is_lost_is_not_trained_anew(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    with closing(sqlite3.connect(registry.store.uri.removeprefix("sqlite:///"))) as connection:
        connection.execute("DELETE FROM registered_models")
        connection.commit()
    with pytest.raises(RegistryError, match="found its versions without it; ") as caught:
        registry.find(CHAMPION)
    command = str(caught.value).partition("make it anew: ")[2]
    subprocess.run(["/bin/bash", "-c", command], cwd=tmp_path, check=True, timeout=120)
    assert registry.champion().number == "1"


def test_a_deleted_version_is_said_to_be(registry: Registry, tmp_path: Path) -> None:
    register(registry, tmp_path / "model")
    with pytest.raises(RegistryError, match=r"expected version 7 of .*, found it deleted; train"):
        registry.version("7")


def test_artifacts_that_are_gone_are_missing_and_not_changed(
    registry: Registry, tmp_path: Path
) -> None:
    version = registry.version(register(registry, tmp_path / "model"))
    shutil.rmtree(str(registry.store.artifacts))
    with pytest.raises(RegistryError, match=r"model of version 1 of .*, found it missing; restore"):
        registry.fetch(version, MODEL, tmp_path / "fetched")


def test_commands_in_messages_work_as_typed(registry: Registry) -> None:
    words = shlex.split(registry.command("mode=history"))
    start = shlex.split(program_anywhere())
    assert words[: len(start)] == start
    assert Path(shutil.which(start[0]) or "/").parent == Path(sys.executable).parent
    assert all(Path(word).is_file() for word in start[1:]), "seen from the present folder"
    assert words[-1] == f"paths.outputs={registry.lock_folder.parent}"
    assert json.dumps(words)
