"""A damaged database is one message, with a command that mends it as typed from any folder."""

import re
import shlex
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from spaceship.errors import TrackingError
from spaceship.tracking.advice import client_call, mlflow_command
from spaceship.tracking.store import Store


def run_sql(store: Store, *statements: str) -> None:
    with closing(sqlite3.connect(store.uri.removeprefix("sqlite:///"))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def tables(store: Store) -> Sequence[str]:
    with closing(sqlite3.connect(store.uri.removeprefix("sqlite:///"))) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [name for (name,) in connection.execute(query)]


def message(store: Store) -> str:
    """Return the message of opening a store anew, as another process does."""
    from mlflow.tracking._tracking_service import utils

    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()
    with pytest.raises(TrackingError) as caught:
        _ = Store(store.uri, store.artifacts, store.experiment).experiment_id
    assert "expected" in str(caught.value)
    return str(caught.value)


def typed(command: str, folder: Path) -> None:
    """Run a command of a message as a person types it, from a folder of no meaning."""
    (folder := folder / "any folder").mkdir()
    done = subprocess.run(
        ["/bin/bash", "-c", command], cwd=folder, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_the_command_that_restores_an_experiment_works_as_typed(
    store: Store, tmp_path: Path
) -> None:
    store.client.delete_experiment(store.experiment_id)
    typed(message(store).partition("restore it: ")[2], tmp_path)
    assert Store(store.uri, store.artifacts, store.experiment).start_run("again", {})


@pytest.mark.parametrize("lost", ["registered_models", "runs", "tags", "logged_models"])
def test_a_lost_table_is_not_made_anew_and_empty(store: Store, lost: str) -> None:
    _ = store.client
    run_sql(store, f"DROP TABLE {lost}")
    assert f"found no table {lost}; restore it from a backup" in message(store)
    assert lost not in tables(store)


def test_half_of_the_tables(store: Store) -> None:
    _ = store.client
    run_sql(store, "PRAGMA foreign_keys = OFF", *(f"DROP TABLE {t}" for t in tables(store)[::2]))
    assert re.search(r"found no table .* …; restore it from a backup", message(store))


@pytest.mark.parametrize("content", [b"", None])
def test_an_emptied_database_is_set_aside_by_the_command(
    store: Store, tmp_path: Path, content: bytes | None
) -> None:
    run_id = store.start_run("a run", {})
    store.client.log_text(run_id, "text", "a.txt")
    path = Path(store.uri.removeprefix("sqlite:///"))
    if content is None:
        run_sql(store, "PRAGMA foreign_keys = OFF", *(f"DELETE FROM {t}" for t in tables(store)))
    else:
        for file in path.parent.glob("mlflow.db*"):
            file.unlink()
        path.write_bytes(content)
    told = message(store)
    assert "a whole MLflow database" in told
    typed(told.rpartition("are lost): ")[2], tmp_path)
    assert Path(f"{path}.damaged").is_file()


def test_a_garbled_database_and_its_journal_are_set_aside(store: Store, tmp_path: Path) -> None:
    path = Path(store.uri.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT * FROM runs").fetchall()  # keeps SQLite's journal
        store.start_run("a run", {})
        kept = {name: path.with_name(name).read_bytes() for name in ("mlflow.db", "mlflow.db-wal")}
    (folder := tmp_path / "another").mkdir()
    (folder / "mlflow.db").write_bytes(kept["mlflow.db"][:100] + b"garbage" * 9000)
    (folder / "mlflow.db-wal").write_bytes(kept["mlflow.db-wal"])
    there = Store(f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts"), "spaceship")
    told = message(there)
    assert "found it garbled" in told
    typed(told.rpartition("are lost): ")[2], tmp_path)
    assert there.start_run("anew", {})
    runs = there.client.search_runs([there.experiment_id])
    assert [run.info.run_name for run in runs] == ["anew"]
    assert (folder / "mlflow.db.damaged-wal").is_file()


def test_a_database_of_a_later_mlflow(store: Store) -> None:
    _ = store.client
    run_sql(store, "UPDATE alembic_version SET version_num = 'ffffffffffff'", "DROP TABLE jobs")
    assert "found that of a later release ('ffffffffffff')" in message(store)
    assert message(store).endswith("-m pip install --upgrade mlflow")


def test_a_database_of_another_mlflow_with_all_tables(store: Store) -> None:
    _ = store.client
    run_sql(store, "UPDATE alembic_version SET version_num = '451aebb31d03'")
    told = message(store)
    assert "found that of an earlier release; back it up, then run: MLFLOW_TRACKING_URI=" in told
    assert shlex.split(told.rpartition("run: ")[2])[-3:] == ["db", "upgrade", store.uri]


@pytest.mark.parametrize("folder", ["/a b/c", "/it's/$HOME", "/ü"])
def test_commands_are_one_line_that_a_shell_reads_back(folder: str) -> None:
    uri = f"sqlite:///{folder}/mlflow.db"
    words = shlex.split(client_call(uri, "delete_run('a\"b')"))
    assert words[0] == f"MLFLOW_TRACKING_URI={uri}"
    assert words[-1] == "import mlflow; mlflow.MlflowClient().delete_run('a\"b')"
    assert shlex.split(mlflow_command(uri, "gc"))[0] == words[0]


def test_no_command_shows_a_password() -> None:
    assert "pw" not in mlflow_command("postgresql://me:pw@host/db", "gc")
