"""Rows of an MLflow database in a SQLite file as MLflow's entities: the same names of attributes.

The tables are those of the one release that `_upstream` names; text for SQL comes from this package
alone, values are always arguments.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import wraps
from hashlib import sha256
from inspect import Signature, signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from spaceship._upstream import MLFLOW_TABLES
from spaceship.tracking.relocation import place_of

Values = Sequence[object]
Method = TypeVar("Method", bound=Callable[..., Any])
LOCK_SECONDS = 20  # that a writer waits for another one, as MLflow's does
TEXT_LENGTH, _KEY_LENGTH = 5000, 250
_KEY = re.compile(r"\w[\w .:-]*(/\w[\w .:-]*)*")
_CONDITION = re.compile(r"(?:attributes\.)?([\w.-]+) = '([^']*)'")


class UnusualError(Exception):
    """A call or a row that is left to MLflow's own client."""


def by_sql(method: Method) -> Method:
    """Let MLflow's client, `upstream` of the object, make a call that SQL alone cannot.

    Such are calls with arguments of MLflow's that the method does not have.
    """
    taken = signature(method)

    @wraps(method)
    def call(self: Any, *given: Any, **named: Any) -> Any:
        with suppress(UnusualError, sqlite3.Error, UnicodeError):
            if _fits(taken, self, *given, **named):
                return method(self, *given, **named)
        return getattr(self.upstream, method.__name__)(*given, **named)

    return cast("Method", call)


def _fits(taken: Signature, *given: object, **named: object) -> bool:
    try:
        return bool(taken.bind(*given, **named))
    except TypeError:
        return False


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
    opened = sqlite3.connect(address, LOCK_SECONDS, uri=True, isolation_level=None)
    with closing(opened) as connection:
        connection.row_factory = _named
        connection.execute("PRAGMA foreign_keys = ON")
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


def has_known_tables(connection: sqlite3.Connection) -> bool:
    """Return whether a database holds all tables of the known release, and no others."""
    revision = only(rows(connection, "SELECT version_num AS is_at FROM alembic_version")).is_at
    return (revision, table_digest(connection)) == MLFLOW_TABLES


def knows(file: Path) -> bool:
    """Return whether a file holds all tables of the known release, and experiments.

    >>> file = Path(store.uri.removeprefix("sqlite:///"))
    >>> knows(file), knows(tmp_path / "mlflow.db")
    (True, False)
    """
    with suppress(sqlite3.Error, UnusualError), connected(file) as connection:
        found = rows(connection, "SELECT 1 AS one FROM experiments LIMIT 1")
        return bool(found) and has_known_tables(connection)
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
    parts = text.replace("`", "").split(" and ") if text else []
    found = [_CONDITION.fullmatch(one) for one in parts]
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
    connection: sqlite3.Connection, table: str, texts: Mapping[str, str], **of: object
) -> None:
    """Set values of the keys of something that columns name."""
    for key, value in texts.items():
        row = {**of, "key": key, "value": value}
        insert(connection, table, row, "ON CONFLICT DO UPDATE SET value = excluded.value")


def change(
    connection: sqlite3.Connection, table: str, new: Mapping[str, object], **of: object
) -> None:
    """Change columns of the one row that other columns name; raise UnusualError if none does."""
    named, found = ", ".join(f"{one} = ?" for one in new), " AND ".join(f"{one} = ?" for one in of)
    query = f"UPDATE {table} SET {named} WHERE {found}"  # noqa: S608
    if connection.execute(query, [*new.values(), *of.values()]).rowcount != 1:
        raise UnusualError


def below(location: str, *names: str) -> str:
    """Return a place below another one.

    >>> below("file:///o/mlartifacts", "a1b2", "artifacts")
    'file:///o/mlartifacts/a1b2/artifacts'
    """
    if not location.startswith(("file:///", "/")) or {"?", "#"} & {*location}:
        raise UnusualError
    return "/".join((location.rstrip("/"), *names))


def active(connection: sqlite3.Connection, experiment_id: object) -> Any:
    """Return an experiment that is not deleted."""
    where = "experiment_id = ? AND lifecycle_stage = 'active'"
    return only(experiments(connection, where, [experiment_id]))


def add_experiment(connection: sqlite3.Connection, name: str, location: str, **own: int) -> None:
    """Add an experiment, unless there is one of that name; `own` may choose its id."""
    check_texts({name: ""})
    if not rows(connection, "SELECT 1 AS one FROM experiments WHERE name = ?", [name]):
        at = now()
        row = {"name": name, "artifact_location": location, "lifecycle_stage": "active"}
        insert(
            connection, "experiments", {**own, **row, "creation_time": at, "last_update_time": at}
        )


def experiments(connection: sqlite3.Connection, where: str, values: Values) -> list[Any]:
    """Return experiments."""
    chosen = "CAST(experiment_id AS TEXT) AS experiment_id, name, artifact_location"
    query = f"SELECT {chosen}, lifecycle_stage FROM experiments WHERE {where}"  # noqa: S608
    found = rows(connection, query, values)
    for one in found:
        one.tags = texts_of(connection, "experiment_tags", experiment_id=one.experiment_id)
    return found


def now() -> int:
    """Return the time in milliseconds since 1970.

    >>> now() > 0
    True
    """
    return int(time.time() * 1000)
