"""MLflow server on this machine: of `make stack`, of tests and of measurements."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from scripts.servers import LOOPBACK, START_SECONDS, free_port, tail
from spaceship.errors import expected

_MARK = "SPACESHIP_MLFLOW_SERVER"  # variable of the server's processes
_END_SECONDS = 10  # that they have to end


@dataclass
class MlflowServer:
    """A `mlflow server` that can be killed and started again on the same address."""

    folder: Path  # of artifacts and log
    backend: str  # URI of a database
    host: str = LOOPBACK
    port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)  # beside this process's own
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def uri(self) -> str:
        """The address that clients use."""
        return f"http://{self.host}:{self.port}"

    @property
    def group(self) -> int:
        """The process group of the server and its workers."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers, or exit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port)]
        command += ["--host", self.host, "--backend-store-uri", self.backend, "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        log = self.folder / "log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                command,
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=self.folder,
                env=os.environ | self.environment | {_MARK: "1"},
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.uri):
            if self._process.poll() is not None or time.monotonic() > deadline:
                what = f"MLflow's server to answer within {START_SECONDS} s"
                sys.exit(expected(what, f"at the end of its log:\n{tail(log)}\n", f"see {log}"))
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server and its workers at once, if they still run."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def processes(folder: Path) -> list[psutil.Process]:
    """Return the processes of the server of a folder, whoever started it, wherever it was then."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if _MARK in process.environ() and Path(process.cwd()) == folder.resolve():
                found.append(process)
    return found


def stop(folder: Path) -> bool:
    """Stop the server of a folder; return whether it was running."""
    found = processes(folder)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(found, _END_SECONDS)
    for process in processes(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return bool(found)


def answers(uri: str) -> bool:
    """Return whether an MLflow server answers there."""
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False
