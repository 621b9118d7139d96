"""Damage of an MLflow database: emptied, tables lost, or written by another release of MLflow."""

import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.errors import TrackingError, expected
from spaceship.tracking.advice import mlflow_command

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQLITE = "sqlite:///"
_REVISION = "alembic_version"
_GARBLED = ("database disk image is malformed", "file is not a database", "malformed database")
_ANOTHER = "choose another folder: paths.outputs=DIR"


def check_database(uri: str) -> None:
    """Raise TrackingError if a database has lost tables, which MLflow would make anew, empty.

    One without any table of MLflow's is a first use, but not in a SQLite file: that is set up under
    another name.

    >>> check_database(store.uri)
    """
    from sqlalchemy import create_engine

    engine = create_engine(uri)
    try:
        with closing(engine.connect()) as connection:
            found = _lost(connection, is_file=uri.startswith(SQLITE))
    finally:
        engine.dispose()
    if found:
        raise _damaged(uri, found)


def damage_of(uri: str, error: Exception) -> TrackingError | None:
    """Return the error for a garbled database or one of another release, None for any other error.

    >>> damage_of(store.uri, ValueError("no such table"))
    """
    from mlflow import __version__

    text = str(error)
    if garbled := next((one for one in _GARBLED if one in text), None):
        return _damaged(uri, f"it garbled: {garbled}")
    if "Can't locate revision" in text:
        found = f"that of a later release ({text.rpartition(' ')[2]})"
        python = shlex.quote(sys.executable)
        do = f"{_ANOTHER}, or install that release: {python} -m pip install --upgrade mlflow"
    elif "found version None" in text:
        return _damaged(uri, "no revision")
    elif "out-of-date database schema" in text:
        found = "that of an earlier release"
        do = f"back it up, then run: {mlflow_command(uri, 'db', 'upgrade', redact(uri))}"
    else:
        return None
    what = f"a database of MLflow {__version__} at {redact(uri)}"
    return TrackingError(expected(what, found, do))


def _lost(connection: "Connection", *, is_file: bool) -> str:
    """Return what a database has lost, as text; empty if nothing."""
    from mlflow.store.db.base_sql_model import Base
    from mlflow.store.model_registry import sqlalchemy_store as _  # noqa: F401 - tables
    from mlflow.store.tracking import sqlalchemy_store  # noqa: F401 - tables
    from sqlalchemy import inspect

    present = {*inspect(connection).get_table_names()}
    lost = sorted({*Base.metadata.tables} - present)
    if not lost:
        emptied = _first(connection, "SELECT COUNT(*) FROM experiments") == 0
        return "no experiment, not even MLflow's own" if emptied and is_file else ""
    if not present:
        return "no table" if is_file else ""
    revision = None
    if _REVISION in present:
        revision = _first(connection, f"SELECT version_num FROM {_REVISION}")  # noqa: S608
    if revision == _newest() or (revision is None and is_file):
        return f"no table {', '.join(lost[:3])}{' …' if len(lost) > 3 else ''}"  # noqa: PLR2004
    return ""  # an earlier or later release, or a first use under way on another machine


def _first(connection: "Connection", query: str) -> object:
    from sqlalchemy import text

    return connection.execute(text(query)).scalar()


def _newest() -> str | None:
    """Return the revision of the installed MLflow's tables."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db import utils

    folder = Path(utils.__file__).parents[1] / "db_migrations"
    return ScriptDirectory(str(folder)).get_current_head()


def _damaged(uri: str, found: str) -> TrackingError:
    what = f"a whole MLflow database at {redact(uri)}"
    do = "restore it from a backup"
    if uri.startswith(SQLITE):
        file = str(Path(uri.removeprefix(SQLITE)))
        aside = shlex.join(["mv", file, f"{file}.damaged"])
        do += f"; without one, begin anew (champions and runs are lost): {aside}"
    return TrackingError(expected(what, found, do))
