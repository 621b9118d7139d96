"""Opening an MLflow store: what it needs is set up once, and no call is left half-done."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra_plugins.spaceship_optuna.process import uninterrupted
from spaceship.config.build import redact
from spaceship.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

LOCK_SECONDS = 120
"""How long a process waits for another one that sets up the database."""
_SQLITE = "sqlite:///"


def open_client(uri: str, artifacts: str | None, experiment: str) -> "MlflowClient":
    """Return a client; what it lacks is set up, once, however many processes start at once.

    Args:
        uri: MLflow's tracking and registry URI.
        artifacts: Folder of a new experiment's artifacts, or None where a server decides.
        experiment: Name of the experiment.

    Raises:
        TrackingError: The store cannot be opened.

    """
    connect = partial(_connect, uri, artifacts, experiment)
    try:
        return _whole(_locked(uri, connect)) if uri.startswith(_SQLITE) else connect()
    except TrackingError:
        raise
    except Exception as error:
        raise _cannot_open(uri, error) from error


def _locked(uri: str, connect: Callable[[], "MlflowClient"]) -> "MlflowClient":
    """Connect to a SQLite file under a lock; create it where there is none."""
    from filelock import FileLock, Timeout

    database = _database(uri)
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(database.with_suffix(".lock"), timeout=LOCK_SECONDS):
            if not database.exists():
                _create_database(database)
            _read(database)
            return connect()
    except Timeout as error:
        message = (
            f"waited {LOCK_SECONDS} s for another process that sets up {database}; "
            "if none is running, try again"
        )
        raise TrackingError(message) from error


def _create_database(database: Path) -> None:
    """Set the database up under another name first: a killed set-up leaves nothing behind."""
    from mlflow import MlflowClient

    log.info("First use: setting up MLflow's database %s", database)
    unfinished = database.with_name(f".{database.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    MlflowClient(f"{_SQLITE}{unfinished}").search_experiments(max_results=1)
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # a quarter of the time a commit takes
    unfinished.replace(database)


def _database(uri: str) -> Path:
    """Return the file of a SQLite URI, which is no place for every character."""
    path = uri.removeprefix(_SQLITE)
    if special := sorted(set(path) & set("%?")):
        message = (
            f"expected a folder that a database URI can name, found {' and '.join(special)} in "
            f"{path}; choose another one with paths.outputs=DIR"
        )
        raise TrackingError(message)
    return Path(path)


def _read(database: Path) -> None:
    """Raise at once what MLflow would try to get round for 100 s: a file that is no database."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


def _connect(uri: str, artifacts: str | None, experiment: str) -> "MlflowClient":
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient(uri, uri)
    if client.get_experiment_by_name(experiment) is None:
        location = Path(artifacts).as_uri() if artifacts else None
        try:
            client.create_experiment(experiment, artifact_location=location)
        except mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # a racing first run of a server
                raise
    return client


def _cannot_open(uri: str, error: Exception) -> TrackingError:
    found = redact(str(error).strip().splitlines()[0]) if str(error).strip() else repr(error)
    if uri.startswith("http"):
        hint = "check that the server runs there, or drop tracking=server to use SQLite"
    elif uri.startswith(_SQLITE):
        hint = (
            "check paths.outputs: it must be a folder that you may write to, "
            "and its mlflow.db, if there is one, a database"
        )
    else:
        hint = "check that the database is up and the driver for it installed"
    return TrackingError(f"expected an MLflow store at {redact(uri)}, found: {found}; {hint}")


class _Whole:
    """A client none of whose calls is interrupted.

    A transaction that Ctrl-C or SIGTERM cuts short would keep SQLite's lock, and whoever ends the
    process's runs then would wait for it in vain.
    """

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # asked for while it is unpickled
            raise AttributeError(name)
        value = getattr(self._client, name)
        return uninterrupted()(value) if callable(value) else value


def _whole(client: "MlflowClient") -> "MlflowClient":
    return _Whole(client)  # type: ignore[return-value]
