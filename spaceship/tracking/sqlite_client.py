"""Client of an MLflow database in a SQLite file: the calls that every command makes, by SQL alone.

To import MLflow and open its store takes a second of the CPU. `test_sqlite_client.py` compares each
call with MLflow's own. Every other one, and one that finds anything unusual, is MLflow's: it alone
words errors.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from spaceship.files import write_atomically
from spaceship.tracking import _sqlite_rows as sql
from spaceship.tracking._sqlite_rows import UnusualError, connected, only
from spaceship.tracking.run_rows import metric_row

if TYPE_CHECKING:
    from mlflow import MlflowClient

Method = TypeVar("Method", bound=Callable[..., Any])
_ACTIVE = "lifecycle_stage = 'active'"
_TAGGED = "SELECT run_uuid FROM tags WHERE key = ? AND value = ?"


def _by_sql(method: Method) -> Method:
    """Let MLflow's client make a call that SQL alone cannot, or has no such argument for."""
    arguments = signature(method)

    @wraps(method)
    def call(self: "SqliteClient", *given: Any, **named: Any) -> Any:
        try:
            arguments.bind(self, *given, **named)
        except TypeError:  # an argument of MLflow's that is not among ours, or has a default there
            return getattr(self.upstream, method.__name__)(*given, **named)
        with suppress(UnusualError, sqlite3.Error):
            return method(self, *given, **named)
        return getattr(self.upstream, method.__name__)(*given, **named)

    return cast("Method", call)


class SqliteClient:
    """Client of the database in a file; `opened` opens MLflow's own client of it.

    >>> client = SqliteClient(Path(store.uri.removeprefix("sqlite:///")), lambda: store.client)
    >>> run = client.create_run(store.experiment_id, run_name="a run")
    >>> client.get_run(run.info.run_id).data.tags
    {'mlflow.runName': 'a run'}
    """

    def __init__(self, file: Path, opened: "Callable[[], MlflowClient]") -> None:
        """Open nothing yet."""
        self._file, self._opened = file, opened

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of MLflow's client."""
        if name.startswith("_"):  # unpickling looks for some before there is a client
            raise AttributeError(name)
        return getattr(self.upstream, name)

    @cached_property
    def upstream(self) -> "MlflowClient":
        """MLflow's own client, opened at its first use."""
        return self._opened()

    @_by_sql
    def get_experiment(self, experiment_id: str) -> Any:
        """Return an experiment by its id."""
        with connected(self._file) as connection:
            return only(sql.experiments(connection, "experiment_id = ?", [experiment_id]))

    @_by_sql
    def get_experiment_by_name(self, name: str) -> Any:
        """Return an experiment by its name; MLflow's client returns None if there is none."""
        with connected(self._file) as connection:
            return only(sql.experiments(connection, "name = ?", [name]))

    @_by_sql
    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        run_name: str | None = None,
    ) -> Any:
        """Start a run."""
        sql.check_texts(given := dict(tags or {}))
        where, run_id = f"experiment_id = ? AND {_ACTIVE}", uuid4().hex
        name = only([run_name] if run_name else [])
        with connected(self._file, writes=True) as connection:
            experiment = only(sql.experiments(connection, where, [experiment_id]))
            row = {
                "run_uuid": run_id,
                "name": name,
                "experiment_id": experiment_id,
                "user_id": given.get("mlflow.user", "unknown"),
                "status": "RUNNING",
                "start_time": start_time or _now(),
                "artifact_uri": f"{experiment.artifact_location}/{run_id}/artifacts",
                "lifecycle_stage": "active",
                "source_type": "UNKNOWN",
                **dict.fromkeys(("source_name", "entry_point_name", "source_version"), ""),
            }
            sql.insert(connection, "runs", row)
            sql.set_texts(connection, "tags", run_id, {**given, "mlflow.runName": name})
            return only(sql.runs(connection, "run_uuid = ?", [run_id]))

    @_by_sql
    def get_run(self, run_id: str) -> Any:
        """Return a run by its id."""
        with connected(self._file) as connection:
            return only(sql.runs(connection, "run_uuid = ?", [run_id]))

    @_by_sql
    def search_runs(
        self, experiment_ids: Sequence[str], filter_string: str = "", max_results: int = 1000
    ) -> sql.Page:
        """Return the active runs of a status and with tags, the latest first."""
        marks, values = ", ".join("?" * len(experiment_ids)), [*experiment_ids]
        where = f"experiment_id IN ({marks}) AND {_ACTIVE}"
        for name, value in sql.conditions(filter_string):
            if name != "status" and not name.startswith("tags."):
                raise UnusualError
            where += " AND status = ?" if name == "status" else f" AND run_uuid IN ({_TAGGED})"
            values += [value] if name == "status" else [name.removeprefix("tags."), value]
        where += " ORDER BY start_time DESC, run_uuid LIMIT ?"
        with connected(self._file) as connection:
            found = sql.runs(connection, where, [*values, max_results + 1])
        if len(found) > max_results > 1:
            raise UnusualError
        return sql.Page(found[:max_results])

    @_by_sql
    def log_values(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """Log metrics, parameters and tags of a run in one transaction."""
        sql.check_texts({**dict.fromkeys(metrics, ""), **params})
        sql.check_texts(tags)
        made = [{"run_uuid": run_id, **metric_row(*one, _now())} for one in metrics.items()]
        with connected(self._file, writes=True) as connection:
            only(sql.runs(connection, f"run_uuid = ? AND {_ACTIVE}", [run_id]))
            known = sql.texts_of(connection, "params", run_uuid=run_id)
            if params.items() & known.items() != {one for one in params.items() if one[0] in known}:
                raise UnusualError  # a parameter never changes
            sql.add_metrics(connection, made)
            sql.set_texts(connection, "params", run_id, params)
            sql.set_texts(connection, "tags", run_id, tags)

    @_by_sql
    def log_dataset(self, run_id: str, facts: Mapping[str, str], context: str) -> None:
        """Log a data set that a run used for something, once."""
        sql.check_texts({**dict.fromkeys(facts, ""), "context": context})
        with connected(self._file, writes=True) as connection:
            run = only(sql.runs(connection, f"run_uuid = ? AND {_ACTIVE}", [run_id]))
            sql.use_dataset(connection, run.info, facts, context)

    @_by_sql
    def set_terminated(
        self, run_id: str, status: str = "FINISHED", end_time: int | None = None
    ) -> None:
        """End a run."""
        query = f"UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ? AND {_ACTIVE}"  # noqa: S608
        with connected(self._file, writes=True) as connection:
            if connection.execute(query, (status, end_time or _now(), run_id)).rowcount != 1:
                raise UnusualError

    @_by_sql
    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Write a text as a file among a run's artifacts."""
        write_atomically(self._place(run_id, artifact_file), text)

    @_by_sql
    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Copy a file to a run's artifacts, where it appears whole."""
        source = Path(local_path)
        if not source.is_file():
            raise UnusualError
        target = self._place(run_id, f"{artifact_path or '.'}/{source.name}")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".uploading.") as temporary:
            Path(shutil.copy2(source, temporary)).replace(target)

    @_by_sql
    def get_registered_model(self, name: str) -> Any:
        """Return a registered model by its name."""
        with connected(self._file) as connection:
            return only(sql.models(connection, name))

    @_by_sql
    def get_model_version(self, name: str, version: str) -> Any:
        """Return a version by its number."""
        with connected(self._file) as connection:
            return only(sql.versions(connection, "AND name = ? AND version = ?", [name, version]))

    @_by_sql
    def search_model_versions(
        self, filter_string: str, max_results: int = 10_000, page_token: str | None = None
    ) -> sql.Page:
        """Return the versions of a registered model, of one run if it is given, latest first."""
        given, start = sql.conditions(filter_string), int(page_token or 0)
        if not {name for name, _ in given} <= {"name", "run_id"}:
            raise UnusualError
        where = "".join(f" AND {name} = ?" for name, _ in given)
        where += " ORDER BY last_updated_time DESC, name, model_versions.version DESC"
        values = [*(value for _, value in given), max_results + 1, start]
        with connected(self._file) as connection:
            found = sql.versions(connection, f"{where} LIMIT ? OFFSET ?", values)
        page = sql.Page(found[:max_results])
        page.token = str(start + max_results) if len(found) > max_results else None
        return page

    @_by_sql
    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a registered model."""
        sql.check_texts({key: value})
        row = {"name": name, "key": key, "value": value}
        with connected(self._file, writes=True) as connection:
            only(sql.models(connection, name))
            change = "ON CONFLICT DO UPDATE SET value = excluded.value"
            sql.insert(connection, "registered_model_tags", row, change)

    @_by_sql
    def copy_of_version(self, name: str, version: str, path: str, folder: str) -> str:
        """Copy an artifact of a version to a folder, all of them if the path is empty."""
        query = "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?"
        with connected(self._file) as connection:
            place = only(sql.rows(connection, query, [name, version])).storage_location
        source = sql.folder_at(place) / path
        if not source.exists():
            raise UnusualError
        copied = shutil.copytree if source.is_dir() else shutil.copyfile
        return str(copied(source, Path(folder, source.name) if path else Path(folder)))

    def _place(self, run_id: str, name: str) -> Path:
        """Return the path of an artifact of a run, in a folder that is there."""
        folder, below = sql.folder_at(self.get_run(run_id).info.artifact_uri), Path(name)
        if ".." in below.parts or below.is_absolute():
            raise UnusualError
        (folder / below).parent.mkdir(parents=True, exist_ok=True)
        return folder / below


def _now() -> int:
    return int(time.time() * 1000)
