"""Ray cluster of two CPUs for tests that join one; it knows a token, and ends with the tests."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

MISSING = 'no ray; pip install -c constraints.txt -e ".[ray]"'
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason=MISSING)


@contextmanager
def ray_cluster() -> Iterator[str]:
    """Yield the address of a cluster, with what joins it in the environment."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="r-", dir="/tmp")
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
    command += [f"--port={port}", "--num-cpus=2", "--node-ip-address=127.0.0.1"]
    command += [f"--temp-dir={folder}", "--include-dashboard=false", "--disable-usage-stats"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=os.environ | token, stdout=quiet, stderr=quiet, start_new_session=True
    )
    os.environ.update(token)
    try:
        _wait(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        for name in token:
            del os.environ[name]
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        for one in psutil.wait_procs(started, 20)[1]:
            one.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        names = [one.name() for one in psutil.Process(process.pid).children(recursive=True)]
        with closing(socket.socket()) as client:
            if client.connect_ex(("127.0.0.1", port)) == 0 and "raylet" in names:
                return
        time.sleep(0.2)
    pytest.fail("the cluster has not started")
