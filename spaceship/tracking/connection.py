"""Connection to an MLflow store: database and experiment created once, calls never cut short."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import uninterrupted
from spaceship._upstream import MLFLOW_ADDRESSES, MLFLOW_PLACES
from spaceship.errors import TrackingError, expected
from spaceship.process.garbage import collection_paused
from spaceship.progress import phase
from spaceship.tracking._sqlite_rows import (
    UnusualError,
    add_experiment,
    connected,
    experiments,
    knows,
)
from spaceship.tracking.damage import check_database, damage_of
from spaceship.tracking.relocation import relocate
from spaceship.tracking.sqlite_client import SqliteClient
from spaceship.tracking.template import create_database

if TYPE_CHECKING:
    from spaceship.tracking.client import Client

ANSWER_SECONDS = 15  # that a server has for its first answer; MLflow would ask for minutes
LOCK_SECONDS = 120  # that a process waits for another one that sets up the database
MISSING = "RESOURCE_DOES_NOT_EXIST"  # code of MLflow's errors
_SQLITE = "sqlite:///"


def open_client(uri: str, artifacts: str | None, experiment: str) -> "Client":
    """Return a client of a store; create its database and experiment where they are missing.

    Any number of processes may call this at once. The arguments are the fields of `Store`; raise
    TrackingError if the store cannot be opened.

    >>> client = open_client(store.uri, store.artifacts, "another")
    >>> client.get_experiment_by_name("another").lifecycle_stage
    'active'
    """
    if uri.startswith(_SQLITE) and (client := _by_sql(uri, artifacts, experiment)) is not None:
        return client
    return _opened(uri, artifacts, experiment)


def _by_sql(uri: str, artifacts: str | None, experiment: str) -> "Client | None":
    """Return a client of a file with the tables of the known release, or None.

    A file that is there needs no lock: it appeared whole, and is relocated in one transaction, as
    the experiment is added in one.
    """
    database = _database(uri)
    try:
        if not database.exists():
            with phase("Opening the MLflow store"):
                _create_under_lock(database)
        if not knows(database):
            return None
        if artifacts is not None:
            relocate(database, Path(artifacts))
        with connected(database) as connection:
            there = experiments(connection, "name = ?", [experiment])
        if not there and artifacts is None:
            return None
        if not there:
            with connected(database, writes=True) as connection:
                add_experiment(connection, experiment, Path(str(artifacts)).as_uri())
    except (OSError, ValueError, sqlite3.Error, UnusualError):
        return None  # MLflow finds out and words it
    client = SqliteClient(database, partial(_opened, uri, artifacts, experiment))
    return cast("Client", UninterruptedClient(cast("Client", client)))


def _opened(uri: str, artifacts: str | None, experiment: str) -> "Client":
    """Return MLflow's own client; create database and experiment where they are missing."""
    connect = partial(_connect, uri, artifacts, experiment)
    with phase("Opening the MLflow store"), collection_paused():
        return _checked(uri, artifacts, connect)


def _checked(uri: str, artifacts: str | None, connect: "Callable[[], Client]") -> "Client":
    try:
        if not uri.startswith(_SQLITE):
            _check_answer(uri)
            if not uri.startswith("http"):
                check_database(uri)
            return connect()
        return cast("Client", UninterruptedClient(_locked(uri, artifacts, connect)))
    except TrackingError:
        raise
    except Exception as error:
        raise damage_of(uri, error) or _cannot_open(uri, error) from error


@contextmanager
def addresses_kept() -> Iterator[None]:
    """Reset MLflow's addresses after the block, which opens stores: that changes them.

    >>> import mlflow
    >>> with addresses_kept():
    ...     mlflow.set_tracking_uri(store.uri)
    >>> mlflow.is_tracking_uri_set()
    False
    """
    variable = "MLFLOW_TRACKING_URI"  # set together with the first address
    places = [(vars(import_module(module)), name) for module, name in MLFLOW_ADDRESSES]
    before, given = [names[name] for names, name in places], os.environ.get(variable)
    try:
        yield
    finally:
        for (names, name), address in zip(places, before, strict=True):
            names[name] = address
        os.environ.pop(variable, None)
        os.environ.update({} if given is None else {variable: given})


def code_of(error: Exception) -> str | None:
    """Return the code of an error of MLflow, None for any other; MLflow need not be imported.

    >>> code_of(ValueError("no run"))
    """
    return getattr(error, "error_code", None)


class UninterruptedClient:
    """A client of MLflow that holds SIGINT and SIGTERM back until each call has returned.

    A SQLite transaction cut short by a signal keeps the database's lock, and the process then waits
    in vain for that lock to end its own runs; see
    `test_an_interrupted_write_is_whole_and_keeps_no_lock`.

    >>> run_id = store.start_run("a run", {})
    >>> UninterruptedClient(store.client).get_run(run_id).info.run_name
    'a run'
    """

    def __init__(self, client: "Client") -> None:
        """Wrap a client."""
        self._client = client

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the client, a method wrapped."""
        if name.startswith("_"):  # unpickling looks for some before there is a client
            raise AttributeError(name)
        value = getattr(self._client, name)
        return uninterrupted()(value) if callable(value) else value


def _check_answer(uri: str) -> None:
    """Raise if a server or a database accepts no connection, or is silent."""
    if not uri.startswith("http"):
        from sqlalchemy import NullPool, create_engine

        timeout = {"connect_timeout": ANSWER_SECONDS} if uri.startswith("postgresql") else {}
        create_engine(uri, connect_args=timeout, poolclass=NullPool).connect().close()
        return
    import requests

    try:
        requests.get(f"{uri}/health", timeout=ANSWER_SECONDS, stream=True).close()
    except requests.Timeout:
        raise TimeoutError(f"no answer within {ANSWER_SECONDS} s") from None
    except requests.RequestException:  # MLflow asks again, as the server may be starting
        return


def _locked(uri: str, artifacts: str | None, connect: Callable[[], "Client"]) -> "Client":
    """Connect to a SQLite file under a lock; create it if it is missing, relocate it if moved."""
    database = _database(uri)
    with _lock(database):
        if not database.exists():
            create_database(database)
        with closing(sqlite3.connect(database)) as connection:
            # fail at once on a file that is no database; MLflow tries again for 100 s
            connection.execute("PRAGMA schema_version").fetchone()
        check_database(uri)
        if artifacts is not None:
            relocate(database, Path(artifacts))
        return connect()


def _create_under_lock(database: Path) -> None:
    with _lock(database):
        if not database.exists():
            create_database(database)


@contextmanager
def _lock(database: Path) -> Iterator[None]:
    """Keep other processes from setting the database up during the block."""
    from filelock import FileLock, Timeout

    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(database.with_suffix(".lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        found = f"another process setting it up for {LOCK_SECONDS} s"
        do = "if none is running, try again"
        raise TrackingError(expected(f"to open {database}", found, do)) from error


def _database(uri: str) -> Path:
    """Return the file of a SQLite URI; not every character can stand in one."""
    path = uri.removeprefix(_SQLITE)
    if special := sorted(set(path) & set("%?")):
        what, found = "a folder that a database URI can name", f"{' and '.join(special)} in {path}"
        raise TrackingError(expected(what, found, "choose another one with paths.outputs=DIR"))
    return Path(path)


def _connect(uri: str, artifacts: str | None, experiment: str) -> "Client":
    import mlflow

    from spaceship.tracking.client import Client

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    module, name = MLFLOW_PLACES
    getattr(import_module(module), name).clear()  # a copy of a store has the same ids
    client = Client(uri, uri)
    if client.get_experiment_by_name(experiment) is None:
        location = Path(artifacts).as_uri() if artifacts else None
        try:
            client.create_experiment(experiment, artifact_location=location)
        except mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # a racing first run of a server
                raise
    return client


def _cannot_open(uri: str, error: Exception) -> TrackingError:
    found = redact(next(iter(str(error).strip().splitlines()), repr(error)))
    if uri.startswith("http"):
        do = "check that the server runs there, or drop tracking=server to use SQLite"
    elif uri.startswith(_SQLITE):
        do = "check paths.outputs: it must be a folder that you may write to, and its mlflow.db, "
        do += "if there is one, a database"
    else:
        do = "check that the database is up and the driver for it installed"
    return TrackingError(f"expected an MLflow store at {redact(uri)}, found: {found}; {do}")
