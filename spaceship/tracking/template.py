"""Template of MLflow's database: set up once per release of MLflow, copied into each new folder.

Setting a database up runs every migration of MLflow's tables since its first release, which takes
longer than the rest of a first start. The template lies in the user's cache folder
(`XDG_CACHE_HOME`, else `~/.cache`). It is made anew if it is missing or damaged; where it cannot
be written, each new folder sets up a database of its own.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from spaceship._upstream import mlflow_revision
from spaceship.files import unfinished

log = logging.getLogger(__name__)


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
    opened(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # a quarter of the time a commit takes
    if template is not None and not copied:
        _keep(path, template)


def _template() -> Path | None:
    """Return the template's file for the installed MLflow; None if there is no home folder."""
    from mlflow.version import VERSION

    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with suppress(RuntimeError):
        cache = given if given.is_absolute() else Path.home() / ".cache"
        return cache / "spaceship" / f"mlflow-{VERSION}-{mlflow_revision()}.db"
    return None


def _copied(template: Path, path: Path) -> bool:
    """Copy a template and return whether the copy is whole and of the revision in its name."""
    with suppress(OSError, sqlite3.Error):
        shutil.copyfile(template, path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, which is renamed
            (health,) = connection.execute("PRAGMA quick_check").fetchone()
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        if health == "ok" and revisions == [(template.stem.rpartition("-")[2],)]:
            return True
        log.debug("The template %s is damaged (%s, %s) and made anew", template, health, revisions)
    path.unlink(missing_ok=True)
    return False


def _keep(database: Path, template: Path) -> None:
    """Make a template of a new database, without the experiment that names the current folder."""
    with suppress(OSError, sqlite3.Error):
        template.parent.mkdir(parents=True, exist_ok=True)
        made = unfinished(template)
        try:
            shutil.copyfile(database, made)
            with closing(sqlite3.connect(made)) as connection, connection:
                connection.execute("DELETE FROM experiments")
            made.replace(template)
        finally:
            made.unlink(missing_ok=True)
