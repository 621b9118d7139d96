"""Template of MLflow's database: set up once per release of MLflow, copied into each new folder.

Setting a database up runs every migration of MLflow's tables since its first release, which takes
longer than the rest of a first start. The template lies in the user's cache folder
(`XDG_CACHE_HOME`, else `~/.cache`) and ends with its own digest. It is made anew if it is missing,
changed or of another account; where it cannot be written, each new folder sets up a database of its
own.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from glob import escape
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from spaceship._upstream import MLFLOW_TABLES
from spaceship.files import unfinished
from spaceship.progress import phase
from spaceship.tracking._sqlite_rows import add_experiment, connected, has_known_tables

log = logging.getLogger(__name__)

_DIGEST = sha256().digest_size  # bytes


def open_by_mlflow(path: Path) -> None:
    """Let MLflow set up or verify the tables of a database, and add the experiment Default.

    >>> open_by_mlflow(Path(store.uri.removeprefix("sqlite:///")))
    """
    from mlflow import MlflowClient

    MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)


def set_up_database(path: Path, opened: Callable[[Path], None] = open_by_mlflow) -> None:
    """Make MLflow's database at a path where there is no file: a copy of the template, if it can.

    >>> set_up_database(tmp_path / "mlflow.db")
    >>> (tmp_path / "mlflow.db").stat().st_size > 0
    True
    """
    template = _template()
    copied = template is not None and _copied(template, path)
    if not copied or not _completed(path):
        opened(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # a quarter of the time a commit takes
    if template is not None and not copied:
        _keep(path, template)


def create_database(database: Path) -> None:
    """Set a database up under another name first, so that a killed set-up leaves no half one.

    >>> create_database(tmp_path / "mlflow.db")
    >>> [path.name for path in tmp_path.iterdir()]
    ['mlflow.db']
    """
    with phase("Setting up its database, once"):
        _set_up(database)


def _set_up(database: Path) -> None:
    unfinished = database.with_name(f".{database.name}.unfinished")
    for left in database.parent.glob(f"{escape(unfinished.name)}*"):  # SQLite's journal, too
        left.unlink()
    set_up_database(unfinished)
    for ending in ("-wal", "-shm"):  # of a database that was set aside: SQLite would mix the two
        left = Path(f"{database}{ending}")
        if left.exists():
            left.replace(f"{database}.damaged{ending}")
    unfinished.replace(database)


def _completed(path: Path) -> bool:
    """Add MLflow's experiment Default to a copy of known tables; MLflow alone knows others."""
    with suppress(sqlite3.Error), connected(path, writes=True) as connection:
        if has_known_tables(connection):
            add_experiment(connection, "Default", f"{Path.cwd() / 'mlruns'}/0", experiment_id=0)
            return True
    return False


def _template() -> Path | None:
    """Return the template's file for the installed MLflow; None if there is no home folder."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with suppress(RuntimeError):
        cache = given if given.is_absolute() else Path.home() / ".cache"
        return cache / "spaceship" / f"mlflow-{version('mlflow')}-{MLFLOW_TABLES[0]}.db"
    return None


def _copied(template: Path, path: Path) -> bool:
    """Copy a template, and return whether it is an own file as it was made."""
    with suppress(OSError):
        if template.is_file() and template.stat().st_uid == _account():
            content = template.read_bytes()
            if sha256(content[:-_DIGEST]).digest() == content[-_DIGEST:]:
                path.write_bytes(content[:-_DIGEST])
                return True
            log.debug("The template %s was changed and is made anew", template)
    path.unlink(missing_ok=True)
    return False


def _account() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # Windows: each file is of the account 0


def _keep(database: Path, template: Path) -> None:
    """Make a template of a new database, without the experiment that names the current folder."""
    with suppress(OSError, sqlite3.Error):
        template.parent.mkdir(parents=True, exist_ok=True)
        made = unfinished(template)
        try:
            shutil.copyfile(database, made)
            with closing(sqlite3.connect(made)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")  # all in the one file
                with connection:
                    connection.execute("DELETE FROM experiments")
            content = made.read_bytes()
            made.write_bytes(content + sha256(content).digest())
            made.replace(template)
        finally:
            made.unlink(missing_ok=True)
