"""Rows of registered models, their versions and logged models in an MLflow database in a file."""

import sqlite3
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from spaceship.tracking._sqlite_rows import (
    UnusualError,
    Values,
    active,
    below,
    check_texts,
    insert,
    now,
    only,
    rows,
    set_texts,
    texts_of,
)

PENDING, _ACTIVE = 1, "lifecycle_stage = 'active'"
STATUSES = {"PENDING": PENDING, "READY": 2, "FAILED": 3}  # of logged models
_PROMPT = "mlflow.prompt.is_prompt"  # tag of what MLflow keeps among models and does not count
_VERSION = (
    "name, CAST(version AS TEXT) AS version, creation_time AS creation_timestamp, description, "
    "last_updated_time AS last_updated_timestamp, current_stage, source, run_id, status"
)


def models(connection: sqlite3.Connection, where: str = "TRUE", values: Values = ()) -> list[Any]:
    """Return registered models by their names; raise UnusualError for a prompt."""
    query = f"SELECT name, description FROM registered_models WHERE {where} ORDER BY name"  # noqa: S608
    found = rows(connection, query, values)
    for one in found:
        one.tags = texts_of(connection, "registered_model_tags", name=one.name)
        one.aliases = _aliases(connection, one.name)
        if _PROMPT in one.tags:
            raise UnusualError
    return found


def model_of(connection: sqlite3.Connection, name: str) -> Any:
    """Return the registered model of a name."""
    return only(models(connection, "name = ?", [name]))


def versions(connection: sqlite3.Connection, where: str, values: Values) -> list[Any]:
    """Return versions of registered models."""
    query = f"SELECT {_VERSION} FROM model_versions WHERE current_stage != 'Deleted_Internal'"  # noqa: S608
    found = rows(connection, f"{query} {where}", values)
    for one in found:
        own = {"name": one.name, "version": one.version}
        one.tags = texts_of(connection, "model_version_tags", **own)
        held = _aliases(connection, one.name)
        one.aliases = [alias for alias, number in held.items() if number == one.version]
    return found


def version_of(connection: sqlite3.Connection, name: str, number: str) -> Any:
    """Return a version of a registered model by its number."""
    return only(versions(connection, "AND name = ? AND version = ?", [name, number]))


def _aliases(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    query = "SELECT alias, CAST(version AS TEXT) AS number FROM registered_model_aliases"
    found = rows(connection, f"{query} WHERE name = ?", [name])
    return {one.alias: one.number for one in found}


def add_version(
    connection: sqlite3.Connection, name: str, values: Mapping[str, object], tags: Mapping[str, str]
) -> str:
    """Add the next version of a registered model that is there, and return its number."""
    model_of(connection, name)
    query = "SELECT COALESCE(MAX(version), 0) + 1 AS next FROM model_versions WHERE name = ?"
    number, at = only(rows(connection, query, [name])).next, now()
    row = {"name": name, "version": number, **values, "creation_time": at, "last_updated_time": at}
    insert(connection, "model_versions", {**row, "current_stage": "None", "status": "READY"})
    connection.execute(
        "UPDATE registered_models SET last_updated_time = ? WHERE name = ?", [at, name]
    )
    set_texts(connection, "model_version_tags", tags, name=name, version=number)
    return str(number)


def add_logged(connection: sqlite3.Connection, experiment_id: str, name: str, **of: object) -> Any:
    """Add a logged model whose files are still to come, and return it."""
    check_texts({name: ""})
    experiment, model_id, at = active(connection, experiment_id), f"m-{uuid4().hex}", now()
    row = {
        "model_id": model_id,
        "experiment_id": experiment.experiment_id,
        "name": name,
        "artifact_location": below(experiment.artifact_location, "models", model_id, "artifacts"),
        "creation_timestamp_ms": at,
        "last_updated_timestamp_ms": at,
        "status": PENDING,
        "lifecycle_stage": "active",
        **of,
    }
    insert(connection, "logged_models", row)
    return SimpleNamespace(model_id=model_id)


def logged(connection: sqlite3.Connection, model_id: str) -> Any:
    """Return a logged model: the place of its files, and the run that logged it."""
    query = f"SELECT artifact_location, source_run_id FROM logged_models WHERE {_ACTIVE}"  # noqa: S608
    return only(rows(connection, f"{query} AND model_id = ?", [model_id]))


def logged_by(connection: sqlite3.Connection, run_ids: Sequence[str]) -> list[Any]:
    """Return id and status of the logged models of some runs."""
    marks, names = ", ".join("?" * len(run_ids)), {one: name for name, one in STATUSES.items()}
    query = f"SELECT model_id, status FROM logged_models WHERE {_ACTIVE}"  # noqa: S608
    found = rows(connection, f"{query} AND source_run_id IN ({marks})", run_ids)
    return [SimpleNamespace(model_id=one.model_id, status=names[one.status]) for one in found]
