"""The server of `make ui` says where its pages are and nothing else, and ends at Ctrl-C."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from spaceship.config import installation
from spaceship.tracking import ui
from tests.commands import ROOT


@pytest.fixture(params=["checkout", "wheel"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give how the package is installed; a wheel has no Makefile."""
    if request.param == "wheel":
        monkeypatch.setattr(installation, "checkout", lambda: None)
    return str(request.param)


def fault(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, list[str]]:
    """Return the error of a server that does not start, and the words of its command."""
    assert ui.main(*words) == 2
    said = capsys.readouterr().err
    return said, shlex.split(said.rpartition(": ")[2])


def test_without_runs_the_command_makes_some_there(
    tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my outputs"
    said, words = fault(capsys, str(folder))
    assert f"expected runs in {folder}, found no mlflow.db; make some first: " in said
    assert words[-1] == f"paths.outputs='{folder}'"
    assert "make" not in words
    assert words[0].endswith("spaceship") if way == "wheel" else words[1].endswith("run.py")


@pytest.mark.parametrize("port", ["taken", "0", "70000", "http"])
def test_a_port_that_cannot_be_used_is_answered_with_a_command(
    tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    (tmp_path / "mlflow.db").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        said, words = fault(capsys, str(tmp_path), str(taken) if port == "taken" else port)
    assert ("PORT=" in said) == (port == "taken" and way == "checkout")
    if way == "wheel":
        assert words[:4] == [sys.executable, "-m", "spaceship.tracking.ui", str(tmp_path)]
        assert int(words[4]) > taken if port == "taken" else words[4:] == ["5000"]
    else:
        assert words[0] == "make"
        assert words[-1] == f"OUTPUTS={tmp_path}"


@pytest.mark.slow
def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path, database: Path) -> None:
    shutil.copy(database, tmp_path / "mlflow.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "spaceship.tracking.ui", str(tmp_path), str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(3)]
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does
        output, errors = server.communicate(timeout=60)
    assert server.returncode == 130
    assert errors == ""
    assert "is starting" in lines[0]
    assert "/#/experiments/" in lines[2]
    assert output == ""
    with socket.socket() as again:  # the server has gone, too
        assert again.connect_ex(("127.0.0.1", port)) != 0
