"""Long tables on Dask and Spark: the bytes of one process, also after the command ends."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from spaceship.experiment import Experiment
from tests.commands import QUICK, QUICK_MODEL, Keep, Shell
from tests.engine.test_cluster import ENGINES, engine_of
from tests.mode import test_long_tables
from tests.mode.test_long_tables import SHORT, predicted

champion, whole = test_long_tables.champion, test_long_tables.whole


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_a_cluster_predicts_the_bytes_of_one_process(
    champion: Experiment, whole: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    path = tmp_path / "all.csv"
    predicted(champion, path, engine=engine_of(name), part_rows=37)
    assert path.read_bytes() == whole["csv"]
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("name", ENGINES)
def test_a_command_on_a_cluster_ends_with_its_processes_and_goes_on(
    shell: Shell, processes: Keep, tmp_path: Path, name: str
) -> None:
    engine_of(name)
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    path, once = tmp_path / "all.csv", tmp_path / "once.csv"
    assert shell(*SHORT, f"inference.output={once}").returncode == 0
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


def test_a_cluster_that_is_not_there_ends_the_command_before_it_reads(shell: Shell) -> None:
    engine_of("spark")
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    done = shell(*SHORT, "engine=spark", "engine.address=spark://127.0.0.1:9")
    assert done.returncode == 2
    assert "error: expected Spark's master at spark://127.0.0.1:9, found" in done.stderr
    assert "Reading the rows" not in done.stderr
