"""Relocation of a SQLite store: the places that MLflow records follow the folder of the store."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlparse

log = logging.getLogger(__name__)

FOLDER_TAG = "folder"  # tag of a run: the folder that only its process writes to


def relocate(database: Path, artifacts: Path) -> None:
    """Let the records of a moved or copied store name the folder where it lies now.

    MLflow records the absolute place of every experiment, run and model, so that without this a
    copy reads and writes the artifacts of the original. All records change in one transaction.
    Artifacts that were never beside the database stay where they are.

    >>> run_id = store.start_run("a run", {})
    >>> store.client.log_text(run_id, "text", "a.txt")
    >>> moved = Path(store.artifacts).parent.rename(tmp_path / "elsewhere")
    >>> relocate(moved / "mlflow.db", moved / "mlartifacts")
    >>> from mlflow import MlflowClient
    >>> MlflowClient(f"sqlite:///{moved}/mlflow.db").list_artifacts(run_id)[0].path
    'a.txt'
    """
    if artifacts.parent != database.parent:
        return
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        for place in _recorded(connection):
            if _moved(place_of(place), database, artifacts):
                _rewrite(connection, place, artifacts)


def place_of(location: str) -> Path:
    """Return the folder that a location of MLflow names, a path or a `file:` URI.

    >>> place_of("file:///home/me/my%20outputs").as_posix()
    '/home/me/my outputs'
    """
    return Path(unquote(urlparse(location).path) if location.startswith("file:") else location)


def _recorded(connection: sqlite3.Connection) -> list[str]:
    """Return the places of experiments; none in a database that MLflow has not set up."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone():
        return []
    found = connection.execute("SELECT DISTINCT artifact_location FROM experiments")
    return [str(place) for (place,) in found if place]


def _moved(old: Path, database: Path, artifacts: Path) -> bool:
    """Return whether a recorded place is that of the artifacts before the store was moved."""
    if old == artifacts or old.name != artifacts.name:
        return False
    try:
        if artifacts.exists():
            return not (old.exists() and old.samefile(artifacts))  # one folder, two names
        # a folder of artifacts without a database was chosen with tracking.artifacts
        return (old.parent / database.name).exists() or not old.exists()
    except OSError:  # the old place is another account's
        return True


def _rewrite(connection: sqlite3.Connection, place: str, artifacts: Path) -> None:
    """Replace a place, and what lies below it, in every column of text of every table."""
    old, new = place_of(place).parent, artifacts.parent
    change = _Change(place.rstrip("/"), artifacts.as_uri())
    for table, column in _text_columns(connection):
        change.apply(connection, f'"{table}"', f'"{column}"')
    _Change(str(old), str(new)).apply(connection, "tags", "value", f"key = '{FOLDER_TAG}'")
    log.info("The folder %s was at %s; MLflow's records follow it.", new, old)


class _Change(NamedTuple):
    """A place, old and new."""

    old: str
    new: str

    def apply(
        self, connection: sqlite3.Connection, table: str, column: str, where: str = "TRUE"
    ) -> None:
        """Replace the place, and what lies below it, in a column."""
        query = (
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608
            f"WHERE {where} AND ({column} = ? OR substr({column}, 1, ?) = ?)"
        )
        after = len(self.old) + 1
        connection.execute(query, (self.new, after, self.old, after, f"{self.old}/"))


def _text_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for _, column, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            if "CHAR" in kind.upper() or "TEXT" in kind.upper():
                yield table, column
