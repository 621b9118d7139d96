"""Long tables on Dask, Spark and Ray: the bytes of one process, also after the command ends."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.commands import QUICK, QUICK_MODEL, Keep, Shell
from tests.engine.test_cluster import ENGINES, engine_of
from tests.forks import Done
from tests.mode.test_long_tables import SHORT


@pytest.mark.parametrize("name", ENGINES)
def test_a_command_on_a_cluster_ends_with_its_processes_and_goes_on(
    shell: Shell, processes: Keep, tmp_path: Path, name: str
) -> None:
    engine_of(name)
    before = set(_left())
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    path, once = tmp_path / "all.csv", tmp_path / "once.csv"
    whole = shell(*SHORT, f"inference.output={once}", "inference.part_rows=100_000")
    assert whole.returncode == 0
    given = *SHORT, f"inference.output={path}", f"engine={name}", "engine.workers=2"
    process = processes(shell.start(*given))
    while len([*tmp_path.glob(".all.csv.parts/*/scored-*.json")]) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    others = psutil.Process(process.pid).children(recursive=True)
    assert others
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in output
    assert "ERROR" not in output
    left = psutil.wait_procs(others, 5)[1]  # Python's own tracker ends just after the command
    assert not [one for one in left if one.status() != "zombie"]
    done = shell(*given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() == once.read_bytes()
    assert not [*tmp_path.glob(".all.csv*")]
    assert _told(done, path) == _told(whole, once)  # the cluster says nothing
    assert before >= set(_left())


def _told(done: Done, path: Path) -> list[str]:
    """Return what a command says, but for its progress and the name of its file."""
    lines = (done.stderr + done.stdout).replace(path.name, "").splitlines()
    return [line for line in lines if "Predicting" not in line]


def _left() -> Iterator[Path | str]:
    """Give the folders and the servers of clusters of Ray on this machine."""
    yield from Path("/tmp").glob("ray*")  # noqa: S108 - where Ray keeps its folders
    for one in psutil.Process().children(recursive=True):
        if one.name() == "raylet":
            yield f"raylet {one.pid}"


def test_a_cluster_that_is_not_there_ends_the_command_before_it_reads(shell: Shell) -> None:
    engine_of("spark")
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    done = shell(*SHORT, "engine=spark", "engine.address=spark://127.0.0.1:9")
    assert done.returncode == 2
    assert "error: expected Spark's master at spark://127.0.0.1:9, found" in done.stderr
    assert "Reading the rows" not in done.stderr
