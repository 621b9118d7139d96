"""Temporary folders: those of killed processes are removed, those of living ones are not."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spaceship.process.temporary import clear_for_killed, remove_left_folders, temporary_folder
from tests.commands import ROOT

_WORK = """
import subprocess, sys, time
from pathlib import Path
from spaceship.process.temporary import cleared_if_killed, temporary_folder
run = Path("outputs", "run").absolute()
with temporary_folder() as folder, cleared_if_killed(run, run.parent):
    (folder / "again-0").mkdir()
    if "child" in sys.argv:
        child = subprocess.Popen([sys.executable, "-c", "input()"], cwd=folder / "again-0")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the system's temporary directory to this test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@contextmanager
def working(*words: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Give a process at work, and its folder; kill it at the block's end."""
    with subprocess.Popen(
        [sys.executable, "-c", _WORK, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tempfile.gettempdir(),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_the_folder_of_a_killed_process_is_removed_that_of_a_living_one_is_not() -> None:
    with working() as (process, folder), temporary_folder() as own:
        remove_left_folders()
        assert (folder / "again-0").is_dir()
        process.send_signal(signal.SIGKILL)
        process.wait()
        remove_left_folders()
        assert not folder.exists()
        assert own.is_dir()


def test_a_folder_in_which_a_process_still_works_is_removed_after_it() -> None:
    with working("child") as (process, folder):
        process.send_signal(signal.SIGKILL)
        process.wait()
        remove_left_folders()
        assert folder.is_dir()
        assert process.stdin is not None
        process.stdin.close()  # ends its child
        assert process.stdout is not None
        process.stdout.read()  # to its end: that of the child
        remove_left_folders()
        assert not folder.exists()


def test_what_a_killed_process_was_writing_after_its_run_is_removed(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    plot = outputs / "run" / "plots" / ".calibration.svg.host.1.0a.tmp"
    plot.parent.mkdir(parents=True)
    plot.write_text("<svg")
    with working() as (process, _):
        clear_for_killed(outputs)
        assert plot.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        copy = Path(shutil.copytree(outputs, tmp_path / "copy"))
        clear_for_killed(copy)
        assert [path.name for path in copy.rglob("*") if path.is_file()] == []
        assert plot.exists()
        clear_for_killed(outputs)
        assert [path.name for path in outputs.rglob("*") if path.is_file()] == []
        assert [*(outputs / "locks").iterdir()] == []


@pytest.mark.slow
def test_the_start_of_any_command_removes_them(tmp_path: Path) -> None:
    with working() as (process, folder):
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert folder.is_dir()
        script = str(ROOT / "scripts" / "run.py")
        words = ["mode=history", f"paths.outputs={tmp_path / 'outputs'}"]
        subprocess.run([sys.executable, script, *words], check=False, capture_output=True)
        assert not folder.exists()


@pytest.mark.parametrize("name", ["spaceship-zuqv1ny5", "spaceship-0123456789ab-1-5.0-abcd1234"])
def test_folders_without_a_process_or_of_another_machine_stay(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    remove_left_folders()
    assert (tmp_path / name).is_dir()
