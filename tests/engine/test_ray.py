"""The Ray engine: every part scored once on a real cluster, of this machine's or a given one."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hydra_plugins.spaceship_ray import _upstream
from hydra_plugins.spaceship_ray._streams import lent_streams
from spaceship.engine._base import Part
from spaceship.engine.ray import RayEngine
from spaceship.errors import ConfigError
from tests.engine.ray_scores import PARTS, process_of
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


CHECK = """
import sys
from spaceship.engine.ray import RayEngine
from spaceship.errors import ConfigError
try:
    RayEngine(1, sys.argv[1]).check()
except ConfigError as error:
    print(error)
"""


def test_who_has_another_token_or_none_is_refused_at_once() -> None:
    """In a process of its own: the one that started the cluster keeps reading its token."""
    with RayEngine(1).joined(1):
        import ray

        address = ray.get_runtime_context().gcs_address
        RayEngine(1, address).check()
        for mode, token in (("token", "ab" * 32), ("disabled", "")):
            given = os.environ | {"RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN": token}
            command = [sys.executable, "-c", CHECK, address]
            done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
            assert "no access; it may want its token" in done.stdout
            assert done.stderr == ""


def joins(part: Part) -> int:
    with RayEngine(1).joined(1):
        return part.number


def test_a_task_does_not_wait_for_its_own_core(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^expected another engine in a job on Ray, found"):
        run(RayEngine(1, address), joins, PARTS)


def test_a_long_folder_of_temporary_files_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with lent_streams() as path:
        assert Path(path).is_socket()
