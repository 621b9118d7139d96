"""The Ray engine: every part scored once on a real cluster, of this machine's or a given one."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hydra_plugins.spaceship_ray import _upstream
from spaceship.engine._base import Part
from spaceship.engine.ray import RayEngine
from spaceship.errors import ConfigError, DataError
from tests.commands import QUICK, QUICK_MODEL, Shell
from tests.engine.ray_scores import PARTS, ended_by_the_system, process_of
from tests.ray_cluster import needs_ray, ray_cluster

pytestmark = [pytest.mark.slow, needs_ray]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of a cluster."""
    with ray_cluster() as found:
        yield found


def run(engine: RayEngine, score: Any, parts: list[Part]) -> list[Any]:
    scored: list[Any] = []
    engine.run(parts, score, scored.append)
    return scored


def test_private_names_of_ray_are_there() -> None:
    """Hold `_upstream.py` to ray 2.60: after an update read the new source, and mend both."""
    import ray
    from ray._private import worker

    assert ray.__version__.startswith("2.60.")
    for enabled in (False, True):
        _upstream.print_logs(enabled=enabled)
        worker.print_worker_logs({"lines": ["died"], "pid": "raylet"}, out := io.StringIO())
        assert ("died" in out.getvalue()) == enabled
    _upstream.read_environment()


def test_every_part_is_scored_once_by_a_given_cluster(address: str) -> None:
    scored = run(RayEngine(1, address), process_of, PARTS)
    assert sorted(number for number, _ in scored) == [*range(6)]
    assert os.getpid() not in {process for _, process in scored}
    RayEngine(1, address).check()
    assert run(RayEngine(1, address), process_of, []) == []


def test_errors_of_a_part_are_raised_as_they_are_and_dead_processes_told(address: str) -> None:
    engine = RayEngine(1, address)
    with pytest.raises(DataError, match=r"^expected a part, found none; do nothing$"):
        run(engine, process_of, [*PARTS, Part(9, "file:///none", 1)])
    with pytest.raises(ConfigError, match=r"found The worker died unexpectedly[^.]*; see"):
        run(engine, ended_by_the_system, PARTS)


def test_clusters_that_are_none_are_refused() -> None:
    for wrong in ("127.0.0.1:9", "127.0.0.1", "here"):
        with pytest.raises(ConfigError, match=rf"expected a Ray cluster at {wrong}, found {wrong}"):
            RayEngine(1, wrong).check()
    RayEngine(1).check()


def test_a_cluster_of_this_machine_predicts_the_same_bytes_and_is_gone(
    shell: Shell, tmp_path: Path
) -> None:
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    before = {*Path("/tmp").glob("ray*"), *psutil.Process().children(recursive=True)}  # noqa: S108
    told, written = [], []
    for engine, size in (("local", 100_000), ("ray", 20)):
        path = tmp_path / f"{engine}.csv"
        given = (f"engine={engine}", f"inference.part_rows={size}", f"inference.output={path}")
        done = shell("mode=inference", "data.n_groups=400", *given, "inference.proba=true")
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stderr.splitlines() if "Predicting" not in line]
        told.append([*lines, done.stdout.replace(path.name, "")])
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert told[0] == told[1]  # Ray says nothing
    own = [one for one in psutil.Process().children(recursive=True) if one.name() == "raylet"]
    assert {*Path("/tmp").glob("ray*"), *own} <= before  # noqa: S108 - where Ray keeps its folders
