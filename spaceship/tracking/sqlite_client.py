"""Client of an MLflow database in a SQLite file: the calls that every command makes, by SQL alone.

To import MLflow and open its store takes a second of the CPU. `test_sqlite_client.py` compares each
call with MLflow's own. Every other one, and one that finds anything unusual, is MLflow's: it alone
words errors.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from spaceship.files import write_atomically
from spaceship.tracking import _sqlite_rows as sql
from spaceship.tracking import _sqlite_runs as stored
from spaceship.tracking._sqlite_rows import UnusualError, by_sql, connected, now, only
from spaceship.tracking.run_rows import Metrics, Texts, metric_row
from spaceship.tracking.sqlite_registry import SqliteRegistry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ACTIVE = "lifecycle_stage = 'active'"
_TAGGED = "SELECT run_uuid FROM tags WHERE key = ? AND value = ?"


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
        self._registry = SqliteRegistry(file, self)

    def __getattr__(self, name: str) -> Any:
        """Return a call on models, or an attribute of MLflow's client."""
        if name.startswith("_"):  # unpickling looks for some before there is a client
            raise AttributeError(name)
        own = self._registry if hasattr(SqliteRegistry, name) else self.upstream
        return getattr(own, name)

    @cached_property
    def upstream(self) -> "MlflowClient":
        """MLflow's own client, opened at its first use."""
        return self._opened()

    @by_sql
    def get_experiment(self, experiment_id: str) -> Any:
        """Return an experiment by its id."""
        with connected(self._file) as connection:
            return only(sql.experiments(connection, "experiment_id = ?", [experiment_id]))

    @by_sql
    def get_experiment_by_name(self, name: str) -> Any:
        """Return an experiment by its name; MLflow's client returns None if there is none."""
        with connected(self._file) as connection:
            return only(sql.experiments(connection, "name = ?", [name]))

    @by_sql
    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""
        sql.check_texts({key: value})
        with connected(self._file, writes=True) as connection:
            number = int(sql.active(connection, experiment_id).experiment_id)
            sql.set_texts(connection, "experiment_tags", {key: value}, experiment_id=number)

    @by_sql
    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        run_name: str | None = None,
    ) -> Any:
        """Start a run."""
        sql.check_texts(given := dict(tags or {}))
        name, run_id = only([run_name] if run_name else []), uuid4().hex
        with connected(self._file, writes=True) as connection:
            place = sql.active(connection, experiment_id).artifact_location
            row = {
                "run_uuid": run_id,
                "name": name,
                "experiment_id": experiment_id,
                "user_id": given.get("mlflow.user", "unknown"),
                "status": "RUNNING",
                "start_time": start_time or now(),
                "artifact_uri": sql.below(place, run_id, "artifacts"),
                "lifecycle_stage": "active",
                "source_type": "UNKNOWN",
                **dict.fromkeys(("source_name", "entry_point_name", "source_version"), ""),
            }
            sql.insert(connection, "runs", row)
            texts = {**given, "mlflow.runName": name}
            sql.set_texts(connection, "tags", texts, run_uuid=run_id)
            return only(stored.runs(connection, "run_uuid = ?", [run_id]))

    @by_sql
    def get_run(self, run_id: str) -> Any:
        """Return a run by its id."""
        with connected(self._file) as connection:
            return only(stored.runs(connection, "run_uuid = ?", [run_id]))

    @by_sql
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
            found = stored.runs(connection, where, [*values, max_results + 1])
        if len(found) > max_results > 1:
            raise UnusualError
        return sql.Page(found[:max_results])

    @by_sql
    def log_values(self, run_id: str, metrics: Metrics, params: Texts, tags: Texts) -> None:
        """Log metrics, parameters and tags of a run in one transaction."""
        sql.check_texts({**dict.fromkeys(metrics, ""), **params})
        sql.check_texts(tags)
        made = [{"run_uuid": run_id, **metric_row(*one, now())} for one in metrics.items()]
        with connected(self._file, writes=True) as connection:
            stored.active_run(connection, run_id)
            known = sql.texts_of(connection, "params", run_uuid=run_id)
            if params.items() & known.items() != {one for one in params.items() if one[0] in known}:
                raise UnusualError  # a parameter never changes
            stored.add_metrics(connection, made)
            sql.set_texts(connection, "params", params, run_uuid=run_id)
            sql.set_texts(connection, "tags", tags, run_uuid=run_id)

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of a run."""
        self.log_values(run_id, {}, {}, {key: value})

    @by_sql
    def insert_runs(self, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Insert rows of runs by the names of tables, but of those that are there."""
        with connected(self._file, writes=True) as connection:
            stored.insert_new(connection, tables)

    @by_sql
    def log_dataset(self, run_id: str, facts: Mapping[str, str], context: str) -> None:
        """Log a data set that a run used for something, once."""
        sql.check_texts({**dict.fromkeys(facts, ""), "context": context})
        with connected(self._file, writes=True) as connection:
            stored.use_dataset(
                connection, stored.active_run(connection, run_id).info, facts, context
            )

    @by_sql
    def set_terminated(
        self, run_id: str, status: str = "FINISHED", end_time: int | None = None
    ) -> None:
        """End a run."""
        new, own = {"status": status, "end_time": end_time or now()}, {"lifecycle_stage": "active"}
        with connected(self._file, writes=True) as connection:
            sql.change(connection, "runs", new, run_uuid=run_id, **own)

    @by_sql
    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Write a text as a file among a run's artifacts."""
        write_atomically(self._place(run_id, artifact_file), text)

    @by_sql
    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Copy a file to a run's artifacts, where it appears whole."""
        source = Path(local_path)
        if not source.is_file():
            raise UnusualError
        target = self._place(run_id, f"{artifact_path or '.'}/{source.name}")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".uploading.") as temporary:
            Path(shutil.copy2(source, temporary)).replace(target)

    def _place(self, run_id: str, name: str) -> Path:
        """Return the path of an artifact of a run, in a folder that is there."""
        folder, below = sql.folder_at(self.get_run(run_id).info.artifact_uri), Path(name)
        if ".." in below.parts or below.is_absolute():
            raise UnusualError
        (folder / below).parent.mkdir(parents=True, exist_ok=True)
        return folder / below
