"""Files are written whole or not at all, and files of another version are refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spaceship.errors import RegistryError
from spaceship.files import (
    clear_unfinished,
    read_json,
    why_unwritable,
    write_atomically,
    write_json,
)
from tests.commands import ROOT


def test_json_comes_back_and_carries_its_version(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    write_json(path, {"a": 0.1 + 0.2, "b": None})
    assert read_json(path) == {"a": 0.1 + 0.2, "b": None}
    assert '"version": 1' in path.read_text()


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text('{"version": 2}')
    with pytest.raises(RegistryError, match=r"expected version 1 in .*record\.json, found 2"):
        read_json(path)


@pytest.mark.parametrize("text", ["", "[1]", '{"version": 1', "null"])
def test_broken_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(RegistryError, match=r"expected a JSON object in .*record\.json"):
        read_json(path)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="expected a readable file"):
        read_json(tmp_path / "record.json")
    (tmp_path / "record.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RegistryError, match="expected a readable file"):
        read_json(tmp_path / "record.json")


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


DIES = """
import os, pathlib, signal, sys
from spaceship.files import write_atomically
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(pathlib.Path(sys.argv[1]), "half")
"""


def test_what_a_killed_process_had_begun_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "a[b].csv"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", DIES, str(path)], check=False, cwd=ROOT)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".tmp")
    living = left.with_name(left.name.replace(left.name.split(".")[-3], str(os.getpid())))
    living.touch()
    write_atomically(path, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([living, path])


def test_a_dead_process_s_folder_keeps_what_was_finished(tmp_path: Path) -> None:
    for name in ("report.json", ".report.json.host.1.ff.tmp", ".hydra", ".twin.unfinished"):
        (tmp_path / name).mkdir() if "." not in name[1:] else (tmp_path / name).touch()
    (tmp_path / ".model.unfinished").mkdir()
    clear_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hydra", "report.json"]


def test_a_folder_without_the_right_to_write_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, _: place != tmp_path)  # root may do all
    assert why_unwritable(tmp_path / "new" / "folder") == "permission denied"
    assert why_unwritable(tmp_path.parent) is None
