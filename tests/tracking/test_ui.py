"""The server of `make ui` says where its pages are and nothing else, and ends at Ctrl-C."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT


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
