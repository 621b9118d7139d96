"""The faults that strike a command: what each does, in the struck process; part of bench_faults."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.chaos import points as bench_points

LOCKED_SECONDS = 2.0
"""How long another connection holds the database; MLflow waits for 20 s."""
_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@dataclass(frozen=True)
class Scene:
    """Where a command is struck.

    Attributes:
        outputs: Its outputs folder.
        own_disk: Whether that lies on a small disk of its own, which can be filled.
        server: Process group of the MLflow server, if there is one.

    """

    outputs: Path
    own_disk: bool
    server: int | None = None


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        phases: When it strikes at each write, see `bench_points.Step.point`.
        strike: What it does, told what is touched: a call, a file or a commit.
        calls_only: Whether it is a fault of the database or its server, not of files.
        survived: Whether the command has to live through it and end with status 0.
        served: Whether it needs an MLflow server.
        keeps: Whether what was not finished may stay: it could not be taken away.
        humble: Whether root has to work under another account: it may write anywhere.

    """

    phases: tuple[str, ...]
    strike: Callable[[Scene, str], None]
    calls_only: bool = False
    survived: bool = False
    served: bool = False
    keeps: bool = False
    humble: bool = False


def fail(_: Scene, what: str) -> None:
    """Raise what the layer below would raise."""
    if what == "commit":
        raise sqlite3.OperationalError("disk I/O error")
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def kill(_: Scene, __: str) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill(scene: Scene, _: str) -> None:
    """Fill the disk to the last byte, or make every write say so."""
    if not scene.own_disk:
        bench_points.refuse(scene.outputs, errno.ENOSPC, "database or disk is full")
        return
    size = 2**26
    with ballast(scene.outputs).open("wb", buffering=0) as file:
        while size >= 1:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def ballast(outputs: Path) -> Path:
    """Return the file that fills the disk."""
    return outputs.parent / "ballast"


def shut(scene: Scene, _: str) -> None:
    """Take away the right to write from every folder and file."""
    for path in [scene.outputs, *scene.outputs.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def hold(scene: Scene, _: str) -> None:
    """Let another process hold the database for a while."""
    command = [sys.executable, "-c", _HOLD, str(scene.outputs / "mlflow.db"), str(LOCKED_SECONDS)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout is not None  # noqa: S101
    holder.stdout.readline()


def lock(scene: Scene, _: str) -> None:
    """Let every change of the database meet a lock that is not given back in time."""
    bench_points.refuse(scene.outputs, 0, "database is locked")


def take_server(scene: Scene, _: str) -> None:
    """End the MLflow server at once."""
    assert scene.server is not None  # noqa: S101
    os.killpg(scene.server, signal.SIGKILL)


FAULTS = {
    "exception": Fault(("within", "after"), fail),
    "SIGKILL": Fault(("within", "after"), kill),
    "disk full": Fault(("within",), fill),
    "read-only": Fault(("before",), shut, keeps=True, humble=True),
    "locked 2 s": Fault(("before",), hold, calls_only=True, survived=True),
    "locked": Fault(("before",), lock, calls_only=True),
    "server gone": Fault(("before",), take_server, calls_only=True, served=True),
}
"""Every fault, under the name that the table shows."""
