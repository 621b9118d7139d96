"""Commands of the project in forked children of a warm parent; for two scripts and the tests.

A command costs its own work only: the parent has imported what it needs, but has opened nothing,
so that a child starts from the same state as a process of its own.
"""

import gc
import importlib
import os
import pickle
import pkgutil
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

import importlib_metadata

from scripts.bench import measure as bench

PACKAGES = ("spaceship", "hydra_plugins")
LIBRARIES = (
    *("catboost", "lightgbm", "matplotlib.backends.backend_agg", "matplotlib.pyplot", "optuna"),
    *("alembic.command", "mlflow.pyfunc", "mlflow.sklearn", "mlflow.store.db.utils"),
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store"),
    *("optuna.visualization.matplotlib", "pandera.pandas", "pyarrow.parquet", "skops.io"),
    *("plotly.graph_objects", "sklearn.ensemble", "sqlalchemy.orm", "hydra.main"),
)
NOBODY = 65534
"""An account that may change only what it owns, unlike root."""
SECONDS = 300
"""After so long a child is ended: it hangs."""


def warm() -> None:
    """Import all modules of the project and the libraries that they import when needed."""
    for package in PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            with suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    installed = importlib_metadata.packages_distributions()  # MLflow reads them for each model
    importlib_metadata.packages_distributions = lambda: dict(installed)
    gc.collect()
    gc.freeze()  # the collector of a child skips what it has inherited


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
