"""Folder of parts beside the predictions: found again, one command at a time, nothing of others."""

import subprocess
import sys
from pathlib import Path

import pytest

from spaceship.errors import DriftError, SubmissionError
from spaceship.scoring.cut import MANIFEST
from spaceship.scoring.work_folder import work_folder
from tests.commands import ROOT


def scored(folder: Path) -> None:
    for name in (MANIFEST, "scored-0.json", "scored-1.json"):
        (folder / name).write_text("{}")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_others_have_in_its_place_is_left_alone(tmp_path: Path, kind: str) -> None:
    place, mine = tmp_path / ".a.csv.parts", tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    if kind == "link":
        place.symlink_to(mine)
    else:
        (mine if kind == "folder" else mine / "notes.txt").rename(place)
    before = sorted(tmp_path.rglob("*"))
    found = r"\.a\.csv\.parts, found something else; move"
    with pytest.raises(SubmissionError, match=found), work_folder(tmp_path / "a.csv", {}):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_only_the_owner_reads_the_parts_and_nothing_is_left(tmp_path: Path) -> None:
    with work_folder(tmp_path / "new" / "a.csv", {}) as folder:
        assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert [*tmp_path.iterdir()] == []


def test_a_process_killed_before_its_first_file_stands_in_nobodys_way(tmp_path: Path) -> None:
    place = tmp_path / ".a.csv.parts"
    place.mkdir()
    (place / ".key.json.host.1.0a.tmp").write_text("{")
    with work_folder(tmp_path / "a.csv", {}) as folder:
        assert sorted(one.name for one in place.iterdir()) == sorted([folder.name, "key.json"])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("error", "how"), [(DriftError(), "inference.on_drift=warn"), (OSError(), "the same command")]
)
def test_a_log_says_where_parts_are_kept_and_what_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception, how: str
) -> None:
    folder = tmp_path / ".a.csv.parts"

    def fail() -> None:
        with work_folder(tmp_path / "a.csv", {}) as own:
            scored(own)
            raise error

    with pytest.raises(type(error)):
        fail()
    assert f"is kept in {folder}: {how} goes on from there" in caplog.text
    with work_folder(tmp_path / "a.csv", {}) as own:
        assert (own / "scored-1.json").exists()
    assert [*tmp_path.iterdir()] == []


def test_a_worker_that_outlives_its_command_is_of_no_use_to_another_one(tmp_path: Path) -> None:
    with work_folder(tmp_path / "a.csv", {"champion": 1}) as first:
        pass
    with work_folder(tmp_path / "a.csv", {"champion": 2}) as second:
        assert second != first  # a process knows a champion that it has loaded by its path


COUNT = """
import sys
from pathlib import Path
from spaceship.scoring.work_folder import work_folder
path = Path(sys.argv[1])
for _ in range(10):
    with work_folder(path, {}) as folder:
        (folder / "alone").touch(exist_ok=False)
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_one_command_at_a_time_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("0")
    command = [sys.executable, "-c", COUNT, str(path)]
    others = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [one.wait(60) for one in others] == [0, 0]
    assert path.read_text() == "20"
    assert [*tmp_path.iterdir()] == [path]
