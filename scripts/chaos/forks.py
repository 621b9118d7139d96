"""Commands of the project in forked children of a warm parent; for the scripts and the tests.

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
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import importlib_metadata

from scripts.bench.measure import RUN

PACKAGES = ("spaceship", "hydra_plugins")
LIBRARIES = (
    "jinja2",
    *("catboost", "lightgbm", "matplotlib.backends.backend_agg", "matplotlib.pyplot", "optuna"),
    *("alembic.command", "mlflow.pyfunc", "mlflow.sklearn", "mlflow.store.db.utils"),
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store"),
    *("optuna.visualization.matplotlib", "pyarrow.parquet", "skops.io"),
    *("sklearn.ensemble", "sqlalchemy.orm", "hydra.main", "encodings.cp437"),
)
NOBODY = 65534
"""Account that may change only what it owns, unlike root."""
SECONDS = 300
"""Age at which a child is ended, because it hangs."""


def warm() -> None:
    """Import all modules of the project and the libraries that they import when needed."""
    from sqlalchemy.orm import configure_mappers

    for package in PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            with suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    configure_mappers()
    installed = importlib_metadata.packages_distributions()  # MLflow reads them for each model
    importlib_metadata.packages_distributions = lambda: dict(installed)
    gc.collect()
    gc.freeze()  # the collector of a child skips what it has inherited


def start(
    arguments: Sequence[str],
    output: Path,
    before: Callable[[], object] | None = None,
    after: Callable[[], object] | None = None,
    account: int | None = None,
) -> int:
    """Start a command in a forked child and return the child's process id.

    Args:
        arguments: The overrides after `python scripts/run.py`.
        output: File that its output is appended to.
        before: Called in the child first.
        after: Called in the child last, unless the child was killed.
        account: Number of the account that it runs under, if not the present one.

    """

    def command() -> int:
        _enter(output, account)
        if before is not None:
            before()
        status = run_script(arguments)
        _close_databases()
        if after is not None:
            after()
        return status

    return _fork(command, SECONDS)


def wait(pid: int) -> int:
    """Return the exit status of a child, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(arguments: Sequence[str], output: Path, **rest: Any) -> int:
    """Run a command in a forked child and return its exit status."""
    return wait(start(arguments, output, **rest))


def call(function: Callable[[], Any]) -> Any:
    """Call a function in a forked child, so that this process opens nothing; return its result."""
    return call_all([function], SECONDS)[0]


def call_all(functions: Sequence[Callable[[], Any]], seconds: int = 0) -> list[Any]:
    """Call functions at once, each in a forked child, and return their results by pickle.

    After so many seconds a child is ended; 0 for never. Raise RuntimeError if a function raised;
    its traceback is on standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        results = [Path(folder, str(number)) for number in range(len(functions))]

        def answer(function: Callable[[], Any], result: Path) -> int:
            result.write_bytes(pickle.dumps(function()))
            return 0

        pairs = zip(functions, results, strict=True)
        pids = [_fork(lambda pair=pair: answer(*pair), seconds) for pair in pairs]  # type: ignore[misc]
        statuses = [wait(pid) for pid in pids]
        if any(statuses):
            message = f"expected children that end with status 0, found {statuses}"
            raise RuntimeError(message)
        return [pickle.loads(result.read_bytes()) for result in results]  # noqa: S301 - own bytes


def run_script(arguments: Sequence[str]) -> int:
    """Run the project's script in this process as Python would; return its exit status."""
    sys.argv = [str(RUN), *arguments]
    try:
        runpy.run_path(str(RUN), run_name="__main__")
    except SystemExit as request:
        return request.code if isinstance(request.code, int) else int(request.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def _fork(function: Callable[[], int], seconds: int) -> int:
    """Start a child that ends with the status that a function returns; return its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(seconds)
            status = function()
        except BaseException:  # noqa: BLE001 - nothing may go up into the parent's stack
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status & 0xFF)
    return pid


def _enter(output: Path, account: int | None) -> None:
    """Give this process the output, the folder and the account of a command."""
    with output.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(tempfile.gettempdir())
    if account is not None:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)


def _close_databases() -> None:
    """Close databases as the end of an interpreter would: their log files go with it."""
    from sqlalchemy.engine import Engine

    for thing in gc.get_objects():
        if type(thing) is Engine:
            thing.dispose()
