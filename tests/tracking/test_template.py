"""The template of MLflow's database: copies are as new, and a damaged one is made anew."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spaceship.tracking import template
from spaceship.tracking.store import Store
from spaceship.tracking.template import set_up_database


@pytest.fixture
def cached(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the template's file in a cache folder of the test's own, made from a new database."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = template._template()
    assert file is not None
    template._keep(database, file)
    assert file.is_file()
    return file


class Migrations:
    """Opens databases as MLflow does, but takes no seconds to set one up."""

    def __init__(self, ready: Path) -> None:
        self.ready, self.found = ready, list[Path]()

    def __call__(self, path: Path) -> None:
        if path.exists():
            template.open_by_mlflow(path)
        else:
            self.found.append(path)
            path.write_bytes(self.ready.read_bytes())


@pytest.fixture
def migrations(database: Path) -> Migrations:
    return Migrations(database)


def tables(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        return connection.execute(query).fetchall()


def test_a_copy_has_the_tables_of_a_new_database_and_names_no_folder(
    cached: Path, database: Path, migrations: Migrations, tmp_path: Path
) -> None:
    set_up_database(tmp_path / "copy.db", migrations)
    assert not migrations.found
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        (place,) = connection.execute("SELECT artifact_location FROM experiments").fetchone()
    assert str(Path.cwd()) in place
    assert tables(tmp_path / "copy.db") == tables(database)
    assert b"mlruns" not in cached.read_bytes()
    store = Store(f"sqlite:///{tmp_path}/copy.db", str(tmp_path / "artifacts"), "spaceship")
    names = [one.name for one in store.client.search_experiments()]
    assert sorted(names) == ["Default", "spaceship"]
    assert store.client.get_experiment("0").name == "Default"


FAULTS = {
    "a table less": "DROP TABLE metrics",
    "a trigger": "CREATE TRIGGER lost AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "an experiment": "INSERT INTO experiments (name, workspace) VALUES ('foreign', 'default')",
    "other revision": "UPDATE alembic_version SET version_num = 'another'",
}


@pytest.mark.parametrize("fault", ["lost", "cut off", "no database", *FAULTS])
def test_a_changed_template_is_made_anew(
    fault: str, cached: Path, database: Path, migrations: Migrations, tmp_path: Path
) -> None:
    if fault == "lost":
        cached.unlink()
    elif fault == "cut off":
        cached.write_bytes(cached.read_bytes()[:300_000])
    elif fault == "no database":
        cached.write_bytes(b"text")
    else:
        with closing(sqlite3.connect(cached)) as connection, connection:
            connection.execute(FAULTS[fault])
    for name in ("first.db", "second.db"):
        set_up_database(tmp_path / name, migrations)
        assert tables(tmp_path / name) == tables(database)
        store = Store(f"sqlite:///{tmp_path / name}", str(tmp_path / "artifacts"), "own")
        names = [one.name for one in store.client.search_experiments()]
        assert sorted(names) == ["Default", "own"]
    assert migrations.found == [tmp_path / "first.db"]


def test_a_template_of_another_account_is_not_used(
    cached: Path, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getuid", lambda: cached.stat().st_uid + 1)
    set_up_database(tmp_path / "mlflow.db", migrations)
    assert migrations.found == [tmp_path / "mlflow.db"]


def test_a_cache_that_cannot_be_written_is_done_without(
    database: Path, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    set_up_database(tmp_path / "mlflow.db", migrations)
    assert migrations.found == [tmp_path / "mlflow.db"]
    assert tables(tmp_path / "mlflow.db") == tables(database)
