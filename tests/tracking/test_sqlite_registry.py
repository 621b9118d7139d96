"""Models registered by SQL alone, and new databases: the rows of MLflow's own client."""

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowException

from spaceship.tracking._sqlite_rows import connected
from spaceship.tracking.client import Client
from spaceship.tracking.connection import addresses_kept
from spaceship.tracking.sqlite_client import SqliteClient
from spaceship.tracking.store import Store

MODEL = "churn-local"
TABLES = (
    *("experiments", "experiment_tags", "logged_models", "inputs", "tags", "model_versions"),
    *("registered_models", "registered_model_tags", "registered_model_aliases"),
    "model_version_tags",
)
_OWN = re.compile(r"[0-9a-f]{32}|\b\d{13}\b")  # ids and times


class Place:
    """A database of its own with the experiment `spaceship`, made by MLflow alone."""

    def __init__(self, folder: Path, database: Path) -> None:
        folder.mkdir()
        self.folder, self.file = folder, folder / "mlflow.db"
        shutil.copy(database, self.file)
        self.uri = f"sqlite:///{self.file}"
        self.theirs = Client(self.uri, self.uri)
        location = (folder / "mlartifacts").as_uri()
        self.experiment = self.theirs.create_experiment("spaceship", location)
        self.ours = SqliteClient(self.file, lambda: self.theirs)

    def rows(self) -> dict[str, list[str]]:
        """Return the rows of all tables, without ids, times and this folder."""
        found = {}
        with closing(sqlite3.connect(self.file)) as connection:
            connection.row_factory = sqlite3.Row
            for table in TABLES:
                rows = (dict(row) for row in connection.execute(f"SELECT * FROM {table}"))
                plain = (repr(sorted(row.items())) for row in rows)
                found[table] = sorted(
                    _OWN.sub("*", one).replace(str(self.folder), "") for one in plain
                )
        return found


@pytest.fixture
def places(database: Path, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    with addresses_kept():
        yield Place(tmp_path / "ours", database), Place(tmp_path / "theirs", database)


def registered(client: Any, place: Place) -> list[str]:
    """Register two versions of a model, move aliases, describe; return the numbers."""
    mlflow.set_tracking_uri(place.uri)  # MLflow looks for logged models there
    numbers = []
    (saved := place.folder / "saved").mkdir()
    (saved / "MLmodel").write_text("flavors: {}")
    client.create_registered_model(MODEL)
    for at in range(2):
        run = client.create_run(place.experiment, 5, {"mode": "train"}, "a run").info.run_id
        made = client.create_logged_model(place.experiment, "model", run, model_type="pipeline")
        client.log_model_artifacts(made.model_id, str(saved))
        client.log_model_artifacts(made.model_id, str(saved), "evidence")
        client.finalize_logged_model(made.model_id, "READY" if at else "FAILED")
        client.log_output(run, made.model_id)
        source, more = f"models:/{made.model_id}", {"description": "é" if at else ""}
        tags = {"data_digest": "0f3a"} if at else {}
        version = client.create_model_version(
            MODEL, source, run, tags=tags, model_id=made.model_id, **more
        )
        numbers.append(str(version.version))
        client.set_model_version_tag(MODEL, numbers[-1], "data_digest", "new")
        client.set_tag(run, "champion", "version 1")
    for number in (*numbers, numbers[0]):
        client.set_registered_model_alias(MODEL, "champion", number)
    client.set_registered_model_alias(MODEL, "challenger", numbers[1])
    client.delete_registered_model_alias(MODEL, "challenger")
    client.delete_registered_model_alias(MODEL, "challenger")
    for key in ("kept", "gone"):
        client.set_registered_model_tag(MODEL, key, "{}")
    for _ in range(2):
        client.delete_registered_model_tag(MODEL, "gone")
    client.update_registered_model(MODEL, "**Champion**: version 1")
    client.update_model_version(MODEL, numbers[1], "Without an alias")
    client.set_experiment_tag(place.experiment, "view", "a")
    client.set_experiment_tag(place.experiment, "view", "b")
    return numbers


def test_a_registered_model_has_the_same_rows_and_files(places: tuple[Place, Place]) -> None:
    one, other = places
    assert registered(one.ours, one) == registered(other.theirs, other) == ["1", "2"]
    assert "upstream" not in vars(one.ours)  # all of it by SQL
    assert one.rows() == other.rows()
    found = [
        sorted(
            _OWN.sub("*", str(path.relative_to(each.folder))) for path in each.folder.rglob("M*")
        )
        for each in places
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 5
    query = f"tags.`kept` = '{{}}' and name = '{MODEL}'"
    for given in ((), (query,), ("name = 'none'",)):
        names = [
            [
                (model.name, {key: str(one) for key, one in model.aliases.items()})
                for model in client.search_registered_models(*given)
            ]
            for client in (one.ours, one.theirs)
        ]
        assert names[0] == names[1]


def test_logged_models_of_runs_are_found_alike(places: tuple[Place, Place]) -> None:
    place, _ = places
    registered(place.theirs, place)
    runs = [run.info.run_id for run in place.theirs.search_runs([place.experiment])]
    marks = ", ".join(f"'{one}'" for one in (*runs, "none"))
    asked = [place.experiment], f"source_run_id IN ({marks})"
    found, known = (one.search_logged_models(*asked) for one in (place.ours, place.theirs))
    assert len(found) == len(runs) == 2
    pairs = [sorted((one.model_id, str(one.status)) for one in some) for some in (found, known)]
    assert pairs[0] == pairs[1]


def test_what_is_unusual_in_a_registry_is_left_to_mlflow(places: tuple[Place, Place]) -> None:
    place, _ = places
    ours, numbers = place.ours, registered(place.ours, place)
    calls: list[Any] = [
        lambda: ours.create_registered_model(MODEL),
        lambda: ours.create_registered_model("a/b"),
        lambda: ours.set_registered_model_alias(MODEL, "champion", "9"),
        lambda: ours.set_registered_model_alias(MODEL, "v1", numbers[0]),
        lambda: ours.create_model_version("none", "models:/m-1", "a", {}, model_id="m-1"),
        lambda: ours.create_logged_model("99", "model", "a"),
        lambda: ours.finalize_logged_model("m-1", "READY"),
        lambda: ours.update_model_version(MODEL, "9", "text"),
    ]
    for call in calls:
        with pytest.raises(MlflowException):
            call()
    before = place.rows()["model_versions"]
    place.theirs.delete_experiment(place.experiment)
    for call in (
        lambda: ours.create_run(place.experiment, run_name="a run"),
        lambda: ours.create_logged_model(place.experiment, "model", "a"),
        lambda: ours.set_experiment_tag(place.experiment, "a", "b"),
    ):
        with pytest.raises(MlflowException, match="active"):
            call()
    assert place.rows()["model_versions"] == before


def test_texts_of_any_length_are_kept_as_mlflow_keeps_them(places: tuple[Place, Place]) -> None:
    kept = []
    clients: tuple[Any, Any] = places[0].ours, places[1].theirs
    for client, place in zip(clients, places, strict=True):
        run = client.create_run(place.experiment, run_name="long").info.run_id
        for length in (5000, 5001, 6000, 8000):
            client.log_values(run, {}, {f"p{length}": "x" * min(length, 6000)}, {})
            client.log_values(run, {}, {}, {f"t{length}": "x" * length})
        data = place.theirs.get_run(run).data
        kept.append({key: len(one) for key, one in {**data.params, **data.tags}.items()})
    assert kept[0] == kept[1]


def test_many_write_at_once(places: tuple[Place, Place]) -> None:
    place, _ = places
    with connected(place.file) as connection:
        for name, value in {"busy_timeout": 20_000, "foreign_keys": 1}.items():  # as MLflow's
            assert vars(connection.execute(f"PRAGMA {name}").fetchone()) in (
                {name: value},
                {"timeout": value},
            )
    run = place.ours.create_run(place.experiment, run_name="a run").info.run_id
    faults: list[Exception] = []

    def write(client: Any, name: str) -> None:
        try:
            for at in range(25):
                client.log_values(run, {name: float(at)}, {f"{name}-{at}": "1"}, {})
        except Exception as error:  # noqa: BLE001
            faults.append(error)

    clients = [SqliteClient(place.file, lambda: place.theirs) for _ in range(3)]
    threads = [
        threading.Thread(target=write, args=(client, f"w{at}"))
        for at, client in enumerate([*clients, place.theirs])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert not any("upstream" in vars(client) for client in clients)
    data = place.theirs.get_run(run).data
    assert data.metrics == {f"w{at}": 24.0 for at in range(4)}
    assert len(data.params) == 100


def test_a_new_database_has_the_rows_of_mlflow(database: Path, tmp_path: Path) -> None:
    by_mlflow = Place(tmp_path / "theirs", database)
    (folder := tmp_path / "ours").mkdir()
    store = Store(f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts"), "spaceship")
    assert store.experiment_id == by_mlflow.experiment
    by_sql = Place.__new__(Place)
    by_sql.folder, by_sql.file = folder, folder / "mlflow.db"
    assert by_sql.rows() == by_mlflow.rows()
