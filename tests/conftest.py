"""Fixtures of whole commands: a shell with an outputs folder, processes, Kaggle's own files."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts import servers
from scripts.servers import Postgres
from tests.commands import ROOT, Keep, Process, Shell
from tests.forks import Fork


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run whole commands as slow."""
    for item in items:
        if "shell" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder with Kaggle's files, or skip the test where there is none."""
    folder = Path(os.environ.get("SPACESHIP_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not (folder / "train.csv").is_file():
        pytest.skip(f"no real passengers in {folder}; set SPACESHIP_DATA_DIR to Kaggle's folder")
    return folder


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Give a running server, or skip the test where there is no PostgreSQL."""
    if find_spec("psycopg") is None or servers.programs() is None:
        pytest.skip(servers.MISSING)
    with servers.postgres() as server:
        yield server


@pytest.fixture
def shell(database: Path, tmp_path: Path) -> Shell:
    """Give a shell with an empty outputs folder and a database that is set up already."""
    return Shell.new(tmp_path / "outputs", database)


@pytest.fixture
def processes() -> Iterator[Keep]:
    """Give a function that keeps a process, to be ended with the test and all that it started."""
    kept: list[Fork | subprocess.Popen[str]] = []

    def keep(process: Process, /) -> Process:
        kept.append(process)
        return process

    yield keep
    for process in kept:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
