"""Commands of the project run in forked children of a warm parent; part of two benchmarks.

A command costs its own work only: the parent has imported what it needs, but has opened nothing,
so that a child starts from the same state as a process of its own.
"""

import gc
import importlib
import importlib.metadata
import os
import pickle
import runpy
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scripts.bench import measure as bench

NOBODY = 65534
"""An account that may change only what it owns, unlike root."""
SECONDS = 300
"""After so long a child is ended: it hangs."""


def warm(*arguments: str) -> None:
    """Import whatever a command imports, by looking into a child that has run it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*arguments, f"paths.outputs={folder}/outputs"]
        names = aside(lambda: (_run(command, Path(folder, "told")), sorted(sys.modules))[1])
    for name in names:
        with suppress(Exception):  # a module that only imports as part of something else
            importlib.import_module(name)
    read = importlib.metadata.packages_distributions()  # what is installed stays so
    importlib.metadata.packages_distributions = lambda: read
    gc.collect()
    gc.freeze()  # a child's collector need not look at what it has inherited


def start(
    arguments: Sequence[str],
    told: Path,
    before: Callable[[], Any] | None = None,
    after: Callable[[], Any] | None = None,
    account: int | None = None,
) -> int:
    """Start a command in a forked child and return the child's process id.

    Args:
        arguments: What follows `python scripts/run.py`.
        told: File that takes what it prints.
        before: Called in the child first.
        after: Called in the child last, unless it was killed.
        account: Number of the account it runs under, if it is not this process's own.

    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(SECONDS)
            status = _run(arguments, told, before, account)
            if after is not None:
                after()
        except BaseException:  # noqa: BLE001 - nothing may go up into the parent's stack
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status & 0xFF)
    return pid


def wait(pid: int) -> int:
    """Return how a child ended: its exit status, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(arguments: Sequence[str], told: Path, **rest: Any) -> int:
    """Run a command in a forked child and return how it ended."""
    return wait(start(arguments, told, **rest))


def aside(ask: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked child, so that this process opens nothing."""
    return together([ask], SECONDS)[0]


def together(asks: Sequence[Callable[[], Any]], seconds: int = 0) -> list[Any]:
    """Return what functions return that run at once, each in a forked child.

    Args:
        asks: The functions; what they return is pickled.
        seconds: After so long a child is ended; 0 for never.

    Raises:
        RuntimeError: One has raised; its traceback is on standard error.

    """
    with tempfile.TemporaryDirectory() as folder:
        answers = [Path(folder, str(number)) for number in range(len(asks))]
        pids = [_fork_off(ask, answer, seconds) for ask, answer in zip(asks, answers, strict=True)]
        statuses = [wait(pid) for pid in pids]
        if any(statuses):
            message = f"expected children that end with status 0, found {statuses}"
            raise RuntimeError(message)
        return [pickle.loads(answer.read_bytes()) for answer in answers]  # noqa: S301 - own bytes


def _fork_off(ask: Callable[[], Any], answer: Path, seconds: int) -> int:
    """Start a child that writes down what a function returns; return its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(seconds)
            answer.write_bytes(pickle.dumps(ask()))
            status = 0
        except BaseException:  # noqa: BLE001 - nothing may go up into the parent's stack
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def _run(
    arguments: Sequence[str],
    told: Path,
    before: Callable[[], Any] | None = None,
    account: int | None = None,
) -> int:
    """Run the script in this process as Python would run it; return its exit status."""
    with told.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(tempfile.gettempdir())
    if account is not None:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    if before is not None:
        before()
    sys.argv = [str(bench.RUN), *arguments]
    try:
        runpy.run_path(str(bench.RUN), run_name="__main__")
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:  # noqa: BLE001 - what Python would print
        traceback.print_exc()
        return 1
    finally:
        _close_databases()
    return 0


def _close_databases() -> None:
    """Close what the end of an interpreter would close: a database's log file goes with it."""
    from sqlalchemy.engine import Engine

    for thing in gc.get_objects():
        if type(thing) is Engine:
            thing.dispose()


def eventually(what: str, seconds: float, ask: Callable[[], bool]) -> None:
    """Wait until something is so, or end the benchmark."""
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            sys.exit(f"expected within {seconds:.0f} s: {what}")
        time.sleep(0.05)
