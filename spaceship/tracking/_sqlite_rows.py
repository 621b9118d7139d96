"""Rows of an MLflow database in a SQLite file as MLflow's entities: the same names of attributes.

The tables are those of the one release that `_upstream` names; text for SQL comes from this package
alone, values are always arguments.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from spaceship._upstream import MLFLOW_TABLES
from spaceship.tracking.relocation import place_of

Values = Sequence[object]
TEXT_LENGTH, _KEY_LENGTH = 5000, 250
_KEY = re.compile(r"\w[\w .:-]*(/\w[\w .:-]*)*")
_CONDITION = re.compile(r"(?:attributes\.)?([\w.]+) = '([^']*)'")
_RUN = (
    "run_uuid AS run_id, name AS run_name, CAST(experiment_id AS TEXT) AS experiment_id, user_id, "
    "status, start_time, end_time, artifact_uri, lifecycle_stage"
)
_VERSION = (
    "name, CAST(version AS TEXT) AS version, creation_time AS creation_timestamp, description, "
    "last_updated_time AS last_updated_timestamp, current_stage, source, run_id, status"
)


_LATEST = """ON CONFLICT DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp,
    step = excluded.step, is_nan = excluded.is_nan
    WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)"""


class UnusualError(Exception):
    """A call or a row that is left to MLflow's own client."""


class Page(list[Any]):
    """Results of a search; `token` asks for the next ones."""

    token: str | None = None


@contextmanager
def connected(file: Path, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a file that is there, for one transaction.

    >>> with connected(Path(store.uri.removeprefix("sqlite:///"))) as connection:
    ...     rows(connection, "SELECT name FROM experiments WHERE experiment_id = ?", [0])
    [namespace(name='Default')]
    """
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.row_factory = _named
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        with connection:
            yield connection


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> SimpleNamespace:
    return SimpleNamespace(**{column[0]: one for column, one in zip(cursor.description, row)})  # noqa: B905


def rows(connection: sqlite3.Connection, query: str, values: Values = ()) -> list[Any]:
    """Return the rows of a query, columns as attributes."""
    return connection.execute(query, values).fetchall()


def only(found: Sequence[Any]) -> Any:
    """Return the only row; raise UnusualError unless there is one."""
    if len(found) != 1:
        raise UnusualError
    return found[0]


def knows(file: Path, experiment: str) -> bool:
    """Return whether a file holds all tables of the known release, and an experiment.

    >>> file = Path(store.uri.removeprefix("sqlite:///"))
    >>> knows(file, "Default"), knows(file, "another"), knows(tmp_path / "mlflow.db", "Default")
    (True, False, False)
    """
    with suppress(sqlite3.Error, UnusualError), connected(file) as connection:
        revision = only(rows(connection, "SELECT version_num AS is_at FROM alembic_version")).is_at
        found = rows(connection, "SELECT name FROM experiments WHERE name = ?", [experiment])
        return bool(found) and (revision, table_digest(connection)) == MLFLOW_TABLES
    return False


def table_digest(connection: sqlite3.Connection) -> str:
    """Return a digest of the names of all tables."""
    found = rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return sha256("\n".join(one.name for one in found).encode()).hexdigest()


def folder_at(uri: str | None) -> Path:
    """Return the folder of a place on this machine; raise UnusualError for any other place."""
    if not (uri or "").startswith(("file:///", "/")):
        raise UnusualError
    return place_of(str(uri))


def check_texts(texts: Mapping[str, str]) -> None:
    """Raise UnusualError for names and texts that MLflow may refuse, or keeps elsewhere too.

    >>> check_texts({"cv/log_loss": "0.4"})
    >>> check_texts({"../loss": "0.4"})
    Traceback (most recent call last):
    spaceship.tracking._sqlite_rows.UnusualError
    """
    for key, text in texts.items():
        usual = _KEY.fullmatch(key) and len(key) <= _KEY_LENGTH and len(text) <= TEXT_LENGTH
        if not usual or key == "mlflow.runName":
            raise UnusualError


def conditions(text: str) -> list[tuple[str, str]]:
    """Return names and values of a filter which all are to be equal.

    >>> conditions("name = 'churn-local' and run_id = 'a1b2'")
    [('name', 'churn-local'), ('run_id', 'a1b2')]
    """
    found = [_CONDITION.fullmatch(one) for one in text.split(" and ")] if text else []
    if not all(found):
        raise UnusualError
    return [(one[1], one[2]) for one in found if one is not None]


def texts_of(connection: sqlite3.Connection, table: str, **where: object) -> dict[str, str]:
    """Return the values of a table's keys."""
    named = " AND ".join(f"{column} = ?" for column in where)
    query = f"SELECT key, value FROM {table} WHERE {named}"  # noqa: S608
    return {row.key: row.value for row in rows(connection, query, [*where.values()])}


def insert(
    connection: sqlite3.Connection, table: str, values: Mapping[str, object], more: str = ""
) -> None:
    """Insert a row, and at its end what is to be done if its key is there."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}) {more}", [*values.values()])  # noqa: S608


def set_texts(
    connection: sqlite3.Connection, table: str, run_id: str, texts: Mapping[str, str]
) -> None:
    """Set values of a run's keys."""
    for key, value in texts.items():
        row = {"run_uuid": run_id, "key": key, "value": value}
        insert(connection, table, row, "ON CONFLICT DO UPDATE SET value = excluded.value")


def add_metrics(connection: sqlite3.Connection, made: Sequence[Mapping[str, object]]) -> None:
    """Add values of metrics, the last of each to the latest ones, too."""
    for row in made:
        insert(connection, "metrics", row, "ON CONFLICT DO NOTHING")
        insert(connection, "latest_metrics", row, _LATEST)


def use_dataset(
    connection: sqlite3.Connection, run: Any, facts: Mapping[str, str], context: str
) -> None:
    """Note once that a run used a data set, which is added if it is new."""
    own = {"experiment_id": run.experiment_id, "name": facts["name"], "digest": facts["digest"]}
    row = {f"dataset_{key}": one for key, one in facts.items() if key not in own}
    new = {"dataset_uuid": uuid4().hex, **own, **row}
    insert(connection, "datasets", new, "ON CONFLICT DO NOTHING")
    query = "SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ?"
    used = only(rows(connection, f"{query} AND digest = ?", [*own.values()])).id
    edge = {"source_type": "DATASET", "source_id": used}
    edge |= {"destination_type": "RUN", "destination_id": run.run_id}
    where = " AND ".join(f"{name} = ?" for name in edge)
    if not rows(connection, f"SELECT 1 AS one FROM inputs WHERE {where}", [*edge.values()]):  # noqa: S608
        number = uuid4().hex
        insert(connection, "inputs", {"input_uuid": number, **edge})
        tag = {"input_uuid": number, "name": "mlflow.data.context", "value": context}
        insert(connection, "input_tags", tag)


def experiments(connection: sqlite3.Connection, where: str, values: Values) -> list[Any]:
    """Return experiments."""
    chosen = "CAST(experiment_id AS TEXT) AS experiment_id, name, artifact_location"
    query = f"SELECT {chosen}, lifecycle_stage FROM experiments WHERE {where}"  # noqa: S608
    found = rows(connection, query, values)
    for one in found:
        one.tags = texts_of(connection, "experiment_tags", experiment_id=one.experiment_id)
    return found


def runs(connection: sqlite3.Connection, where: str, values: Values) -> list[Any]:
    """Return runs, each with its info and its data."""
    found = rows(connection, f"SELECT {_RUN} FROM runs WHERE {where}", values)  # noqa: S608
    return [SimpleNamespace(info=one, data=_data(connection, one.run_id)) for one in found]


def _data(connection: sqlite3.Connection, run_id: str) -> SimpleNamespace:
    latest = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ?"
    return SimpleNamespace(
        metrics={
            row.key: float("nan") if row.is_nan else row.value
            for row in rows(connection, latest, [run_id])
        },
        **{name: texts_of(connection, name, run_uuid=run_id) for name in ("params", "tags")},
    )


def models(connection: sqlite3.Connection, name: str) -> list[Any]:
    """Return the registered model of a name."""
    query = "SELECT name, description FROM registered_models WHERE name = ?"
    found = rows(connection, query, [name])
    for one in found:
        one.tags = texts_of(connection, "registered_model_tags", name=name)
        one.aliases = _aliases(connection, name)
    return found


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


def _aliases(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    query = "SELECT alias, CAST(version AS TEXT) AS number FROM registered_model_aliases"
    found = rows(connection, f"{query} WHERE name = ?", [name])
    return {one.alias: one.number for one in found}
