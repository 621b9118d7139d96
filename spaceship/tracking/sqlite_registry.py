"""Calls on registered models, their versions and logged models, by SQL alone."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spaceship.tracking import _sqlite_models as sql
from spaceship.tracking._sqlite_rows import (
    TEXT_LENGTH,
    Page,
    UnusualError,
    by_sql,
    change,
    check_texts,
    conditions,
    connected,
    folder_at,
    insert,
    now,
    only,
    rows,
    set_texts,
)
from spaceship.tracking._sqlite_runs import active_run, relate

if TYPE_CHECKING:
    from spaceship.tracking.sqlite_client import SqliteClient

_NAME = re.compile(r"\w[\w-]*")  # of a model or an alias that MLflow takes, and more
_RESERVED = re.compile(r"latest|v\d+", re.IGNORECASE)
_OF_RUNS = re.compile(r"source_run_id IN \('\w+'(?:, '\w+')*\)")
_MORE = {"model_id", "description"}
_TAGGED = "name IN (SELECT name FROM registered_model_tags WHERE key = ? AND value = ?)"


class SqliteRegistry:
    """The part of a `SqliteClient` on models.

    >>> store.client.create_registered_model("churn-local").name
    'churn-local'
    """

    def __init__(self, file: Path, client: "SqliteClient") -> None:
        """Open nothing yet."""
        self._file, self._client = file, client

    @property
    def upstream(self) -> Any:
        """MLflow's own client."""
        return self._client.upstream

    @by_sql
    def create_registered_model(self, name: str) -> Any:
        """Create a registered model."""
        row = {
            "name": _checked(name),
            **dict.fromkeys(("creation_time", "last_updated_time"), now()),
        }
        with connected(self._file, writes=True) as connection:
            insert(connection, "registered_models", row)
            return sql.model_of(connection, name)

    @by_sql
    def get_registered_model(self, name: str) -> Any:
        """Return a registered model by its name."""
        with connected(self._file) as connection:
            return sql.model_of(connection, name)

    @by_sql
    def search_registered_models(self, filter_string: str = "", max_results: int = 100) -> Page:
        """Return registered models of a name and with tags, all of them without a condition."""
        where, values = "TRUE", list[object]()
        for name, value in conditions(filter_string):
            if name != "name" and not name.startswith("tags."):
                raise UnusualError
            where += " AND name = ?" if name == "name" else f" AND {_TAGGED}"
            values += [value] if name == "name" else [name.removeprefix("tags."), value]
        with connected(self._file) as connection:
            found = sql.models(connection, where, values)
        if len(found) > max_results:
            raise UnusualError
        return Page(found)

    @by_sql
    def update_registered_model(self, name: str, description: str) -> None:
        """Describe a registered model."""
        new = {"description": _short(description), "last_updated_time": now()}
        with connected(self._file, writes=True) as connection:
            sql.model_of(connection, name)
            change(connection, "registered_models", new, name=name)

    @by_sql
    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a registered model."""
        check_texts({key: value})
        with connected(self._file, writes=True) as connection:
            sql.model_of(connection, name)
            set_texts(connection, "registered_model_tags", {key: value}, name=name)

    @by_sql
    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a registered model, if it has it."""
        check_texts({key: ""})
        query = "DELETE FROM registered_model_tags WHERE name = ? AND key = ?"
        with connected(self._file, writes=True) as connection:
            sql.model_of(connection, name)
            connection.execute(query, [name, key])

    @by_sql
    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        row = {"name": name, "alias": _checked(alias), "version": version}
        moved = "ON CONFLICT DO UPDATE SET version = excluded.version"
        with connected(self._file, writes=True) as connection:
            sql.version_of(connection, name, version)
            insert(connection, "registered_model_aliases", row, moved)

    @by_sql
    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Remove an alias, if there is one."""
        query = "DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?"
        with connected(self._file, writes=True) as connection:
            sql.model_of(connection, name)
            connection.execute(query, [name, _checked(alias)])

    @by_sql
    def get_model_version(self, name: str, version: str) -> Any:
        """Return a version by its number."""
        with connected(self._file) as connection:
            return sql.version_of(connection, name, version)

    @by_sql
    def search_model_versions(
        self, filter_string: str, max_results: int = 10_000, page_token: str | None = None
    ) -> Page:
        """Return the versions of a registered model, of one run if it is given, latest first."""
        given, start = conditions(filter_string), int(page_token or 0)
        if not {name for name, _ in given} <= {"name", "run_id"}:
            raise UnusualError
        where = "".join(f" AND {name} = ?" for name, _ in given)
        where += " ORDER BY last_updated_time DESC, name, model_versions.version DESC"
        values = [*(value for _, value in given), max_results + 1, start]
        with connected(self._file) as connection:
            found = sql.versions(connection, f"{where} LIMIT ? OFFSET ?", values)
        page = Page(found[:max_results])
        page.token = str(start + max_results) if len(found) > max_results else None
        return page

    @by_sql
    def create_model_version(
        self, name: str, source: str, run_id: str, tags: Mapping[str, str], **more: str
    ) -> Any:
        """Register a logged model of a run as the next version of a registered model.

        `more` are the logged model's id and the description.
        """
        check_texts(tags)
        if source != f"models:/{more.get('model_id')}" or not more.keys() <= _MORE:
            raise UnusualError
        row = {"source": source, "run_id": run_id, "description": _short(more.get("description"))}
        with connected(self._file, writes=True) as connection:
            place = sql.logged(connection, more["model_id"]).artifact_location
            number = sql.add_version(connection, name, {**row, "storage_location": place}, tags)
            return sql.version_of(connection, name, number)

    @by_sql
    def update_model_version(self, name: str, version: str, description: str) -> None:
        """Describe a version."""
        new = {"description": _short(description), "last_updated_time": now()}
        with connected(self._file, writes=True) as connection:
            sql.version_of(connection, name, version)
            change(connection, "model_versions", new, name=name, version=version)

    @by_sql
    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        """Set a tag of a version."""
        check_texts({key: value})
        with connected(self._file, writes=True) as connection:
            sql.version_of(connection, name, version)
            set_texts(connection, "model_version_tags", {key: value}, name=name, version=version)

    @by_sql
    def copy_of_version(self, name: str, version: str, path: str, folder: str) -> str:
        """Copy an artifact of a version to a folder, all of them if the path is empty."""
        query = "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?"
        with connected(self._file) as connection:
            place = only(rows(connection, query, [name, version])).storage_location
        source = folder_at(place) / path
        if not source.exists():
            raise UnusualError
        copied = shutil.copytree if source.is_dir() else shutil.copyfile
        return str(copied(source, Path(folder, source.name) if path else Path(folder)))

    @by_sql
    def create_logged_model(
        self, experiment_id: str, name: str, source_run_id: str, model_type: str | None = None
    ) -> Any:
        """Begin to log a model of a run."""
        own = {"source_run_id": source_run_id, "model_type": model_type}
        with connected(self._file, writes=True) as connection:
            return sql.add_logged(connection, experiment_id, name, **own)

    @by_sql
    def log_model_artifacts(self, model_id: str, local_dir: str, path: str | None = None) -> None:
        """Copy the files of a folder to those of a logged model, below a path of theirs."""
        with connected(self._file) as connection:
            folder = folder_at(sql.logged(connection, model_id).artifact_location)
        if path and not _NAME.fullmatch(path):
            raise UnusualError
        shutil.copytree(local_dir, folder / (path or ""), dirs_exist_ok=True)

    @by_sql
    def finalize_logged_model(self, model_id: str, status: str) -> None:
        """Note that a logged model is READY or FAILED."""
        new = {"status": sql.STATUSES[status], "last_updated_timestamp_ms": now()}
        with connected(self._file, writes=True) as connection:
            sql.logged(connection, model_id)
            change(connection, "logged_models", new, model_id=model_id)

    @by_sql
    def search_logged_models(self, experiment_ids: Sequence[str], filter_string: str) -> list[Any]:
        """Return id and status of the logged models of runs; a run has one experiment."""
        if len(experiment_ids) != 1 or not _OF_RUNS.fullmatch(filter_string):
            raise UnusualError
        with connected(self._file) as connection:
            return sql.logged_by(connection, re.findall(r"'(\w+)'", filter_string))

    @by_sql
    def log_output(self, run_id: str, model_id: str) -> None:
        """Note that a logged model came out of a run."""
        with connected(self._file, writes=True) as connection:
            active_run(connection, run_id)
            relate(connection, ("RUN_OUTPUT", run_id), ("MODEL_OUTPUT", model_id))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise UnusualError
    return name


def _short(text: str | None) -> str | None:
    if len(text or "") > TEXT_LENGTH:
        raise UnusualError
    return text
