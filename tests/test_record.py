"""Files are written whole or not at all, and are read only by who understands them."""

from pathlib import Path

import pytest

from spaceship.errors import RegistryError
from spaceship.record import read_json, write_atomically, write_json


def test_json_comes_back_and_carries_its_version(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    write_json(path, {"a": 0.1 + 0.2, "b": None})
    assert read_json(path) == {"a": 0.1 + 0.2, "b": None}
    assert '"version": 1' in path.read_text()


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text('{"version": 2}')
    with pytest.raises(RegistryError, match=r"Expected version 1 in .*record\.json, found 2"):
        read_json(path)


@pytest.mark.parametrize("text", ["", "[1]", '{"version": 1', "null"])
def test_broken_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(RegistryError, match=r"Expected a JSON object in .*record\.json"):
        read_json(path)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="Expected a readable file"):
        read_json(tmp_path / "record.json")
    (tmp_path / "record.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RegistryError, match="Expected a readable file"):
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
