"""Fault injection: the faults that a command must survive, each a function run in its process."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.chaos.writes import refuse_writes

LOCKED_SECONDS = 2.0
"""Time for which another connection holds the database; MLflow waits for 20 s."""
_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@dataclass(frozen=True)
class Place:
    """Place where a command runs."""

    outputs: Path
    own_disk: bool  # whether outputs lie on a small disk of their own, which can be filled
    server: int | None = None  # process group of the MLflow server, if there is one


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    phases: tuple[str, ...]  # moments of each write, see `moments.Write.moment`
    inject: Callable[[Place, str], None]  # called with the thing touched: call, file or commit
    calls_only: bool = False  # a fault of the database or its server, not of files
    survived: bool = False  # the command has to end with status 0
    served: bool = False  # needs an MLflow server
    keeps: bool = False  # unfinished files may stay: nothing could be removed
    as_nobody: bool = False  # root must use another account, as root may write anywhere


def fail(_: Place, touched: str) -> None:
    """Raise the error that the layer below would raise."""
    if touched == "commit":
        raise sqlite3.OperationalError("disk I/O error")
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def kill(_: Place, __: str) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk(place: Place, _: str) -> None:
    """Fill the disk to the last byte, or let every write fail as on a full disk."""
    if not place.own_disk:
        refuse_writes(place.outputs, errno.ENOSPC, "database or disk is full")
        return
    size = 2**26
    with ballast(place.outputs).open("wb", buffering=0) as file:
        while size >= 1:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def ballast(outputs: Path) -> Path:
    """Return the file that fills the disk."""
    return outputs.parent / "ballast"


def forbid_writing(place: Place, _: str) -> None:
    """Take away the right to write from every folder and file."""
    for path in [place.outputs, *place.outputs.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def hold_database(place: Place, _: str) -> None:
    """Let another process hold the database for a while."""
    command = [sys.executable, "-c", _HOLD, str(place.outputs / "mlflow.db"), str(LOCKED_SECONDS)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout is not None  # noqa: S101
    holder.stdout.readline()


def lock_database(place: Place, _: str) -> None:
    """Let every change of the database fail as under a lock that is held for too long."""
    refuse_writes(place.outputs, 0, "database is locked")


def end_server(place: Place, _: str) -> None:
    """End the MLflow server at once."""
    assert place.server is not None  # noqa: S101
    os.killpg(place.server, signal.SIGKILL)


FAULTS = {
    "exception": Fault(("within", "after"), fail),
    "SIGKILL": Fault(("within", "after"), kill),
    "disk full": Fault(("within",), fill_disk),
    "read-only": Fault(("before",), forbid_writing, keeps=True, as_nobody=True),
    "locked 2 s": Fault(("before",), hold_database, calls_only=True, survived=True),
    "locked": Fault(("before",), lock_database, calls_only=True),
    "server gone": Fault(("before",), end_server, calls_only=True, served=True),
}
"""Every fault, under the name that the table shows."""
