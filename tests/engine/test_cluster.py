"""Engines on clusters: real ones, whose processes die, whose parts fail, who cannot be reached."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from spaceship.config.build import build
from spaceship.engine import _cluster
from spaceship.engine._base import Part
from spaceship.engine._cluster import ClusterEngine
from spaceship.engine._worker import Failed, Work, versions
from spaceship.errors import ConfigError, DataError, MissingDependencyError
from tests.serving import free_port

ENGINES = {"dask": "distributed", "spark": "pyspark", "ray": "ray"}


def engine_of(name: str, **settings: Any) -> ClusterEngine:
    """Return an engine of two processes, or skip the test where it is not installed."""
    if find_spec(ENGINES[name]) is None:
        pytest.skip(f"engine={name} needs the package {ENGINES[name]}: pip install -e '.[{name}]'")
    if name == "spark" and shutil.which("java") is None:
        pytest.skip("engine=spark needs Java 17 or newer, and there is no program java")
    target = f"spaceship.engine.{name}.{name.title()}Engine"
    made: ClusterEngine = build({"_target_": target, "workers": 2, **settings})
    return made


def parts(folder: Path, *numbers: int) -> list[Part]:
    return [Part(at, (folder / f"{at}.arrow").as_uri(), 1) for at in numbers]


def score(part: Part) -> tuple[int, int]:
    """Fail at 7, die at 8 always and at 9 once; else return number and process."""
    if part.number == 7:
        raise DataError("expected a part, found none; do nothing")
    mark = part.path.with_suffix(".died")
    if part.number == 8 or (part.number == 9 and not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return part.number, os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_every_part_is_scored_by_another_process_again_if_it_dies(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scored: list[tuple[int, int]] = []
    engine = engine_of(name)
    engine.run(parts(tmp_path, *range(7), 9), score, scored.append)
    assert sorted(number for number, _ in scored) == [*range(7), 9]
    assert os.getpid() not in {process for _, process in scored}
    engine.run(parts(tmp_path, 5), score, scored.append)
    assert scored[-1] == (5, os.getpid())
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_errors_of_parts_and_of_processes_are_told(name: str, tmp_path: Path) -> None:
    engine = engine_of(name)
    heard = signal.getsignal(signal.SIGINT)
    with engine.joined(2) as joined:
        work = Work(score)
        failing, dying = (joined.submit(work, part) for part in parts(tmp_path, 7, 8))
        with pytest.raises(DataError, match=r"^expected a part, found none; do nothing$"):
            engine.result(failing)
        with pytest.raises(ConfigError, match=r"worker has ended each time, .*inference.part_rows"):
            engine.result(dying)
        assert signal.getsignal(signal.SIGINT) is heard


@contextmanager
def web_server() -> Iterator[int]:
    """Give the port of a server that is no cluster."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("at", ["nobody", "nonsense", "another server"])
def test_a_cluster_that_cannot_be_reached_is_told(
    name: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"spaceship.engine.{name}.SECONDS", 0.5, raising=False)
    kind = {"dask": "tcp://", "spark": "spark://", "ray": ""}[name]
    with web_server() if at == "another server" else free_port() as port:
        address = f"{kind}nonsense" if at == "nonsense" else f"{kind}127.0.0.1:{port}"
        engine = engine_of(name, address=address)
        with pytest.raises(
            ConfigError, match=rf"^expected .* at {address}, found:? .*; start it with"
        ):
            engine.check()


class Idle:
    """Cluster of no process."""

    def is_idle(self) -> bool:
        return True


@pytest.mark.parametrize("name", ENGINES)
def test_the_command_that_starts_a_worker_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Any = engine_of(name, address="HOST:1")  # which imports its module
    monkeypatch.setattr(_cluster, "SECONDS", 0.1)
    with pytest.raises(ConfigError, match=r"found none for 0 .*; start one: [a-z].* HOST:1; the"):
        engine._next(SimpleQueue(), Idle())


@contextmanager
def dask_scheduler() -> Iterator[tuple[str, Callable[[], None]]]:
    with free_port() as port:
        address = f"tcp://127.0.0.1:{port}"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address]
    with subprocess.Popen(
        [*command, "--no-dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield address, process.kill
        finally:
            process.kill()


@pytest.mark.slow
def test_a_cluster_without_workers_is_told_and_one_with_them_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_of("dask")
    monkeypatch.setattr(_cluster, "SECONDS", 2.0)
    with dask_scheduler() as (address, end):
        engine, scored = engine_of("dask", address=address), list[tuple[int, int]]()
        with pytest.raises(ConfigError, match=rf"found none for 2 .*: dask worker {address}; "):
            engine.run(parts(tmp_path, 1, 2), score, scored.append)
        options = ["--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path)]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
        with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stderr=log) as worker:
            monkeypatch.setattr(_cluster, "SECONDS", 60.0)
            engine.run(parts(tmp_path, 1, 2, 3), score, scored.append)
            assert {process for _, process in scored} == {worker.pid}
            assert worker.poll() is None
            with pytest.raises(ConfigError, match="found a scheduler that has ended or cannot"):
                engine.run(parts(tmp_path, 1, 2), score, lambda _: end())
            worker.terminate()


def test_a_worker_of_other_packages_or_without_the_files_is_told(tmp_path: Path) -> None:
    def missing(part: Part) -> bytes:
        return part.path.read_bytes()

    [part] = parts(tmp_path, 1)
    other = versions() | {"numpy": "1.0"}
    for work, told in (
        (Work(score, other), "expected numpy 1.0 on .*, found .*; install the same packages"),
        (Work(missing), "1.arrow on .*, found nothing there; .*under the same path"),
    ):
        failed = work(part)
        assert isinstance(failed, Failed)
        with pytest.raises(ConfigError, match=told):
            raise failed.error
    part.path.write_bytes(b"rows")
    assert Work(missing)(part) == b"rows"
    part.path.unlink()
    part.path.mkdir()
    failed = Work(missing)(part)
    assert isinstance(failed.error, IsADirectoryError)
    assert "in missing" in failed.error.__notes__[0]


@pytest.mark.parametrize("name", ENGINES)
def test_settings_that_cannot_be_used_are_refused(name: str) -> None:
    engine_of(name)
    with pytest.raises(ConfigError, match=r"expected engine\.workers=1 or more, found 0"):
        engine_of(name, workers=0)
    for address in (5, ""):
        with pytest.raises(ConfigError, match=r"expected engine\.address=ADDRESS, found"):
            engine_of(name, address=address)


@pytest.mark.parametrize("name", ENGINES)
def test_a_package_that_is_not_installed_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cluster, "find_spec", lambda _: None)
    target = f"spaceship.engine.{name}.{name.title()}Engine"
    with pytest.raises(MissingDependencyError, match=rf"run: pip install -e \"\.\[{name}\]\""):
        build({"_target_": target, "workers": 2})


def test_spark_without_java_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_of("spark")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingDependencyError, match=r"expected Java 17 or newer .*, found none"):
        build({"_target_": "spaceship.engine.spark.SparkEngine", "workers": 2})
