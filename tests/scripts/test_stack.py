"""`make stack`: started, started again, stopped, broken off half-way, refused with a message."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from optuna.storages import RDBStorage

from hydra_plugins.spaceship_optuna._storage import open_storage
from scripts import servers, stack
from tests.commands import ROOT

needed = pytest.mark.skipif(
    find_spec("psycopg") is None or servers.programs() is None, reason=servers.MISSING
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that root's PostgreSQL may enter, which a test's own folder is not."""
    made = Path(tempfile.mkdtemp(prefix="spaceship-stack-"))
    made.chmod(0o711)
    yield made / "stack"
    for place in made.glob("*"):
        command(place, "stop")
    shutil.rmtree(made)


def command(folder: Path, verb: str, *more: str) -> tuple[int, str]:
    line = [sys.executable, "-m", "scripts.stack", verb, "--folder", str(folder), *more]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def ports() -> list[str]:
    return [f"--port={servers.free_port()}", f"--database-port={servers.free_port()}"]


def lines_of(folder: Path) -> list[str]:
    """Return the command lines of a stack's processes."""
    lines = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(folder) in f"{line} {process.info['cwd']}" and "scripts.stack" not in line:
            lines.append(line)
    return lines


@needed
@pytest.mark.slow
def test_a_stack_is_started_once_and_stopped_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(folder, "status") == (1, f"No stack runs in {folder}.\n")
    status, told = command(folder, "start", *ports())
    assert status == 0, told
    assert "The stack runs.\n" in told
    status, again = command(folder, "start")
    assert (status, again) == (0, told.replace("runs.", "runs already.", 1))
    assert command(folder, "status") == (0, told)
    status, other = command(folder, "start", "--host=127.0.0.2")
    assert (status, "found BIND=127.0.0.2; run: make stack-stop" in other) == (2, True)
    secrets = re.findall(r":(\w{32})$", _passwords(folder), re.MULTILINE)
    assert len(set(secrets)) == 3
    monkeypatch.setenv("PGPASSFILE", str(folder / "clients.pgpass"))
    assert _limits(folder) == {"connect_timeout": "10", "tcp_user_timeout": "30000"}
    assert lines_of(folder)
    assert not [one for one in secrets if one in told + " ".join(lines_of(folder))]
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.pgpass")} == {0o600}
    moved = folder.rename(folder.with_name("moved"))  # while they run
    assert command(moved, "status")[0] == 0
    assert command(moved, "stop") == (0, "Stopped.\n")
    assert not lines_of(folder)
    assert command(moved, "stop") == (0, f"No stack runs in {moved}.\n")
    kept = stack.Stack.of(moved)  # what the next start would take
    assert f"http://{kept.host}:{kept.port}\n" in told


@needed
@pytest.mark.slow
def test_a_start_that_is_broken_off_leaves_nothing_running(folder: Path) -> None:
    line = [sys.executable, "-m", "scripts.stack", "start", "--folder", str(folder), *ports()]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL) as starting:
        deadline = time.monotonic() + 100
        while not (folder / "postgres" / "data" / "postmaster.pid").exists():
            assert time.monotonic() < deadline, "PostgreSQL has not started"
            time.sleep(0.05)
        starting.send_signal(signal.SIGTERM)
        assert starting.wait(60) == 143
    assert not lines_of(folder)


@needed
def test_taken_port_is_answered_with_a_free_one(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert stack.main(["start", "--folder", str(folder), "--port", str(port)]) == 2
    told = capfd.readouterr().err
    assert re.search(rf"error: expected to open port {port} .* in use; run: make -C .* PORT=", told)
    assert f"STACK={folder}" in told


@needed
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--port=7001", "--database-port=7001"], "run: make .* PORT=700[2-9]"),
        (["--host=0.0.0.0"], "an address of this machine in BIND, found 0.0.0.0"),
    ],
)
def test_settings_that_cannot_serve_are_refused(
    folder: Path, words: list[str], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert stack.main(["start", "--folder", str(folder), *ports(), *words]) == 2
    assert re.search(told, capfd.readouterr().err)


def test_a_suggested_port_is_none_of_the_other_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(servers.Postgres, "check", lambda _: None)
    monkeypatch.setattr(
        servers, "fault_of_port", lambda _, port: errno.EADDRINUSE if port == 7001 else None
    )
    words = ["--port=7001", "--database-port=7002", f"--folder={tmp_path}"]
    assert stack.main(["start", *words]) == 2
    assert "PORT=7003" in capfd.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert stack.main(["start", "--folder", str(tmp_path / "file")]) == 2
    told = capfd.readouterr().err
    assert str(tmp_path / "file") in told
    assert "make stack STACK=DIR" in told


def test_port_beyond_the_last_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        stack.main(["start", "--port=99999"])
    assert "expected 1 to 65535, found 99999" in capfd.readouterr().err


def test_reader_that_has_gone_away_ends_it_silently(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "scripts.stack", "stop", "--folder", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@needed
def test_database_of_another_version_is_left_alone(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    assert stack.main(["start", "--folder", str(folder)]) == 2
    assert f"PostgreSQL 9, which made {data}, found" in capfd.readouterr().err
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_missing_programs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(servers, "PACKAGED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert stack.main(["start", "--folder", str(tmp_path / "stack")]) == 2
    assert "apt install postgresql" in capfd.readouterr().err


@needed
@pytest.mark.skipif(os.getuid() != 0, reason="only root runs PostgreSQL under another account")
def test_root_is_told_of_a_closed_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    ours = [f"--folder={closed}/stack", *ports()]
    assert stack.main(["start", *ours]) == 2
    assert "STACK=/var/lib/spaceship" in capfd.readouterr().err


def _limits(folder: Path) -> dict[str, str]:
    """Return the limits of a study's connection by which a lost server is given up."""
    (url,) = re.findall("SPACESHIP_STUDIES=(.*)", (folder / "env").read_text())
    storage = open_storage(url)
    assert isinstance(storage, RDBStorage)
    with storage.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        found = driver.info.get_parameters()
    storage.remove_session()
    storage.engine.dispose()
    return {key: found[key] for key in ("connect_timeout", "tcp_user_timeout")}


def _passwords(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("*.pgpass"))
