"""The MLflow store: opened once under a lock; runs that start, tell the truth and end."""

import logging
import os
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from spaceship.config import redact
from spaceship.errors import TrackingError
from spaceship.process import is_orphan, process_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

PARAM_LENGTH = 500
"""Characters of a parameter that MLflow's table shows; the whole is in the run's config.yaml."""
LOCK_SECONDS = 120
"""How long a process waits for another one that sets up the database."""
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Store:
    """Where runs are logged; plain values, so that it travels to worker processes.

    Attributes:
        uri: MLflow's tracking and registry URI.
        artifacts: Folder of the artifacts, or None where a server decides.
        experiment: Name of the experiment.

    """

    uri: str
    artifacts: str | None
    experiment: str

    @cached_property
    def client(self) -> "MlflowClient":
        """Return the client of an initialised store.

        Raises:
            TrackingError: The store cannot be opened.

        """
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        try:
            return _open(self)
        except TrackingError:
            raise
        except Exception as error:
            raise _cannot_open(self.uri, error) from error

    @cached_property
    def experiment_id(self) -> str:
        """Return the id of the experiment, which `client` created."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment is None or experiment.lifecycle_stage != "active":
            number = "…" if experiment is None else experiment.experiment_id
            message = (
                f"expected an active experiment {self.experiment!r}, found it deleted; restore it "
                f"(mlflow experiments restore --experiment-id {number}) or choose another with "
                "tracking.experiment=NAME"
            )
            raise TrackingError(message)
        return str(experiment.experiment_id)

    def start_run(self, name: str, tags: Mapping[str, str], parent: str | None = None) -> str:
        """Start a run that names its process, so that a later start can tell if it was killed.

        Args:
            name: What MLflow's page shows.
            tags: Further tags.
            parent: Id of the multirun's run.

        Returns:
            The run's id.

        """
        own = {**tags, **process_tags()}
        if parent is not None:
            own["mlflow.parentRunId"] = parent
        run = self.client.create_run(self.experiment_id, run_name=name, tags=own)
        return str(run.info.run_id)

    def log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Log parameters, each under a name and cut to a length that no store refuses."""
        from mlflow.entities import Param

        entities = [Param(_as_name(key), _cut(value)) for key, value in params.items()]
        for start in range(0, len(entities), 100):
            self.client.log_batch(run_id, params=entities[start : start + 100])

    def log_scores(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        folds: Sequence[Mapping[str, float]] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log metrics, those of folds as curves `fold_*` over steps, and tags, in one request.

        MLflow keeps NaN as NaN; a tag is cut to the length that MLflow takes.
        """
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        entities = [Metric(key, value, now, 0) for key, value in metrics.items()]
        for step, fold in enumerate(folds):
            entities += [Metric(f"fold_{key}", value, now, step) for key, value in fold.items()]
        named = [RunTag(key, value[:5000]) for key, value in (tags or {}).items()]
        self.client.log_batch(run_id, metrics=entities, tags=named)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, each cut to the length that MLflow takes."""
        self.log_scores(run_id, {}, tags=tags)

    def end_run(self, run_id: str, status: str) -> None:
        """End a run with a true status: FINISHED, FAILED or KILLED."""
        self.client.set_terminated(run_id, status)

    def end_parent(self, run_id: str, status: str) -> None:
        """End a multirun's run, and as KILLED what still runs below it."""
        for child in self._running(f"tags.mlflow.parentRunId = '{run_id}'"):
            self.client.set_terminated(child.info.run_id, "KILLED")
        self.client.set_terminated(run_id, status)

    def close_orphans(self) -> Sequence[str]:
        """Mark runs KILLED that stand as running but whose process on this machine is gone."""
        gone = [run.info.run_id for run in self._running() if is_orphan(run.data.tags)]
        for run_id in gone:
            self.client.set_terminated(run_id, "KILLED")
        if gone:
            log.info("%d run(s) whose process had died are now marked KILLED.", len(gone))
        return gone

    def _running(self, condition: str = "") -> Sequence[Any]:
        query = "attributes.status = 'RUNNING'" + (f" and {condition}" if condition else "")
        return list(self.client.search_runs([self.experiment_id], query))


def _open(store: Store) -> "MlflowClient":
    """Return a client; create database and experiment under a lock where there are none."""
    from filelock import FileLock, Timeout

    if not store.uri.startswith(_SQLITE):
        return _connect(store)
    database = _database(store.uri)
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(database.with_suffix(".lock"), timeout=LOCK_SECONDS):
            if not database.exists():
                _create_database(database)
            _read(database)
            return _connect(store)
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


def _connect(store: Store) -> "MlflowClient":
    import mlflow

    mlflow.set_tracking_uri(store.uri)
    mlflow.set_registry_uri(store.uri)
    client = mlflow.MlflowClient(store.uri, store.uri)
    if client.get_experiment_by_name(store.experiment) is None:
        location = Path(store.artifacts).as_uri() if store.artifacts else None
        try:
            client.create_experiment(store.experiment, artifact_location=location)
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


def _as_name(key: str) -> str:
    """Return a config key as a parameter name that MLflow takes."""
    return re.sub(r"[^\w\-. :]", "_", key)[:250]


def _cut(value: str) -> str:
    return value if len(value) <= PARAM_LENGTH else value[: PARAM_LENGTH - 1] + "…"


@lru_cache(maxsize=8)
def validated(uri: Any, artifacts: Any, experiment: Any) -> Store:
    """Return the store these config values describe.

    Raises:
        TrackingError: There is no URI, or one MLflow no longer takes.

    """
    if not uri:
        message = "expected an MLflow server's URI, found none; add tracking.uri=http://HOST:PORT"
        raise TrackingError(message)
    scheme = urlparse(str(uri)).scheme
    if scheme in ("", "file"):
        message = (
            f"expected a sqlite:///, postgresql:// or http(s):// URI, found {redact(str(uri))!r}: "
            "MLflow refuses file stores; use tracking=sqlite or tracking=server tracking.uri=…"
        )
        raise TrackingError(message)
    return Store(str(uri), str(artifacts) if artifacts else None, str(experiment))
