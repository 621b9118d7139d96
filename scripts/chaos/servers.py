"""An MLflow server of a benchmark's own, on a free port."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

from scripts.chaos import forks as bench_forks

START_SECONDS = 120


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class MlflowServer:
    """A `mlflow server` that can be killed and started again on the same address.

    Args:
        folder: Takes its artifacts and its log.
        backend: URI of its database.

    """

    def __init__(self, folder: Path, backend: str) -> None:
        """Choose a port."""
        self.folder = folder
        self.backend = backend
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """The address that clients use."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def group(self) -> int:
        """The process group of the server and its workers."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port)]
        command += ["--backend-store-uri", self.backend, "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "log").open("ab") as told:
            self._process = subprocess.Popen(
                command, stdout=told, stderr=told, stdin=subprocess.DEVNULL, start_new_session=True
            )
        bench_forks.eventually("MLflow's server answers", START_SECONDS, self.answers)

    def kill(self) -> None:
        """End the server and its workers at once, if they still run."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        """Tell whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False
