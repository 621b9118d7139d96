"""Commands of the project in forks of a warm process: as subprocess runs them, without imports.

A command costs its own work only. Take `subprocess` itself where a fresh interpreter is the point.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Self, TextIO

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Variables that libraries read while they are imported; a command sets the same ones itself."""
Done = subprocess.CompletedProcess[str]


class Fork:
    """A command that runs in a fork; its methods are those of `subprocess.Popen`.

    Args:
        command: The interpreter, a script, `-m` and a module or `-c` and a program; arguments.
        cwd: Folder that it runs in.
        env: Its whole environment.
        files: Files that take its standard output and error; None for one pipe, `self.stdout`.
        start_new_session: Whether it leads a process group, to be signalled as one.

    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path | str = ".",
        env: Mapping[str, str] | None = None,
        *,
        files: tuple[int, int] | None = None,
        start_new_session: bool = False,
    ) -> None:
        """Start it and wait until it has a process id."""
        self.args = list(command)
        self.returncode: int | None = None
        self.stdout: TextIO | None = None
        report, report_end = os.pipe()
        closing = [report_end]
        if files is None:
            pipe, pipe_end = os.pipe()
            self.stdout = open(pipe)  # noqa: PTH123, SIM115
            closing.append(pipe_end)
            files = (pipe_end, pipe_end)
        request = {
            "argv": self.args[1:],
            "cwd": os.path.abspath(cwd),  # noqa: PTH100 - as it is, links unresolved
            "env": dict(os.environ if env is None else env),
            "session": start_new_session,
        }
        with open(os.devnull) as nothing:  # noqa: PTH123
            fds = [nothing.fileno(), *files, report_end]
            socket.send_fds(_server(), [json.dumps(request).encode()], fds)
        for fd in closing:
            os.close(fd)
        self._report = open(report)  # noqa: PTH123, SIM115
        self.pid = int(self._report.readline())

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        if self.returncode is None and _is_readable(self._report, 0):
            self.returncode = int(self._report.readline())
            self._report.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative if a signal ended the process."""
        if self.returncode is None and not _is_readable(self._report, timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Return all that it writes until it ends, and its group with it."""
        deadline = None if timeout is None else time.monotonic() + timeout
        parts = []
        while self.stdout is not None and not self.stdout.closed:
            left = None if deadline is None else max(0, deadline - time.monotonic())
            if not _is_readable(self.stdout, left):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            if not (part := os.read(self.stdout.fileno(), 1 << 16)):
                self.stdout.close()
            parts.append(part)
        self.wait(None if deadline is None else max(0, deadline - time.monotonic()))
        return b"".join(parts).decode(), None

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipe and wait for the end."""
        if self.stdout is not None:
            self.stdout.close()
        self.wait()


def run(
    command: Sequence[str], cwd: Path | str = ".", timeout: float = 300, **environment: str
) -> Done:
    """Run a command to its end, with additions to this process's environment."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        files = (out.fileno(), err.fileno())
        process = Fork(command, cwd, os.environ | environment, files=files)
        try:
            process.wait(timeout)
        finally:
            process.kill()
            out.seek(0)
            err.seek(0)
            done = Done(process.args, process.wait(10), out.read(), err.read())
    return done


def _is_readable(stream: TextIO, seconds: float | None) -> bool:
    """Return whether a pipe can be read or has ended, at the latest after so many seconds."""
    poll = select.poll()  # `select` takes no file number above 1,023
    poll.register(stream, select.POLLIN)
    return bool(poll.poll(None if seconds is None else 1000 * seconds))


@cache
def _server() -> socket.socket:
    """Return the connection to this process's own server, started on first use."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
        cwd=ROOT,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=SETTINGS | os.environ,
        start_new_session=True,  # Ctrl-C is for the tests; the server ends with them
    )
    theirs.close()
    atexit.register(server.wait, 60)
    atexit.register(ours.close)
    return ours
