"""Calls made by SQL alone: the rows and answers of MLflow's own client, which makes all others."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient, MlflowException
from mlflow.store.db.utils import _get_latest_schema_revision

from spaceship._upstream import MLFLOW_TABLES
from spaceship.tracking._sqlite_rows import connected, table_digest
from spaceship.tracking.client import Client
from spaceship.tracking.connection import addresses_kept, open_client
from spaceship.tracking.sqlite_client import SqliteClient
from spaceship.tracking.store import Store

METRICS = {"cv_accuracy": 0.8, "slice/deck A": 1, "nan": math.nan, "most": -math.inf}
TAGS = {"mode": "train", "mlflow.user": "me", "folder": "/a"}
TABLES = ("runs", "tags", "params", "metrics", "latest_metrics")
REVISION = _get_latest_schema_revision()  # type: ignore[no-untyped-call]
OWN = {"run_uuid", "artifact_uri", "start_time", "end_time", "timestamp"}
MODEL = "churn-local"


@pytest.fixture
def ours(store: Store) -> SqliteClient:
    assert store.experiment_id  # makes it
    return SqliteClient(database(store), lambda: Client(store.uri, store.uri))


@pytest.fixture
def theirs(store: Store) -> Iterator[Client]:
    assert store.experiment_id
    with addresses_kept():
        mlflow.set_tracking_uri(store.uri)  # MLflow looks for logged models there
        yield Client(store.uri, store.uri)


def database(store: Store) -> Path:
    return Path(store.uri.removeprefix("sqlite:///"))


def rows_of(store: Store, run_id: str) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with closing(sqlite3.connect(database(store))) as connection:
        connection.row_factory = sqlite3.Row
        for table in TABLES:
            rows = connection.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", [run_id])
            plain = [{k: row[k] for k in {*row.keys()} - OWN} for row in rows]
            found[table] = sorted(plain, key=lambda row: sorted(map(str, row.items())))
    return found


def a_run(client: Any, store: Store) -> str:
    run_id = str(client.create_run(store.experiment_id, None, TAGS, "a run").info.run_id)
    client.log_values(run_id, METRICS, {"C": "1.0"}, {"note": "é 'quoted'"})
    client.log_values(run_id, {"cv_accuracy": 0.7}, {"C": "1.0", "gamma": ""}, {"note": "new"})
    client.log_text(run_id, "text", "folder/note.txt")
    client.log_text(run_id, "newer", "folder/note.txt")
    client.set_terminated(run_id, "FAILED", 5)
    return run_id


def a_version(client: Client, store: Store, folder: Path) -> str:
    run_id = a_run(client, store)
    made = client.create_logged_model(store.experiment_id, "model", run_id)
    (folder / "evidence").mkdir(parents=True)
    (folder / "evidence" / "card.json").write_text("{}")
    client.log_model_artifacts(made.model_id, str(folder))
    client.finalize_logged_model(made.model_id, "READY")
    uri, tags = f"models:/{made.model_id}", {"data_digest": "0f3a"}
    version = client.create_model_version(MODEL, uri, run_id, tags, model_id=made.model_id)
    return str(version.version)


def plain(entity: Any, example: SimpleNamespace) -> dict[str, object]:
    """Return those attributes of an entity that another one of ours has."""
    return {key: getattr(entity, key) for key in vars(example)}


def test_the_tables_are_those_of_the_installed_mlflow(store: Store) -> None:
    with connected(database(store)) as connection:
        assert (REVISION, table_digest(connection)) == MLFLOW_TABLES


def test_a_run_has_the_same_rows_and_files(
    store: Store, ours: SqliteClient, theirs: Client
) -> None:
    one, other = a_run(ours, store), a_run(theirs, store)
    assert rows_of(store, one) == rows_of(store, other)
    places = [theirs.get_run(each).info.artifact_uri.replace(each, "") for each in (one, other)]
    assert places[0] == places[1]
    assert {path.path for path in theirs.list_artifacts(one, "folder")} == {"folder/note.txt"}
    text = Path(theirs.download_artifacts(one, "folder/note.txt")).read_text()
    assert text == "newer"
    assert theirs.get_run(one).info.end_time == 5


def test_a_data_set_is_logged_alike(store: Store, ours: SqliteClient, theirs: Client) -> None:
    facts = {"name": "churn", "digest": "0f3a", "profile": "{}", "source": "{}"}
    facts |= {"source_type": "local"}
    found = []
    for client in (ours, theirs, ours):
        run_id = a_run(client, store)
        for _ in range(2):
            client.log_dataset(run_id, facts, "training")
        inputs = theirs.get_run(run_id).inputs
        assert inputs is not None
        (used,) = inputs.dataset_inputs
        found.append(used.to_dictionary())
    assert found[0] == found[1] == found[2]
    assert found[0]["dataset"]["digest"] == "0f3a"


def test_a_run_reads_the_same(store: Store, ours: SqliteClient, theirs: Client) -> None:
    run_id = a_run(theirs, store)
    mine, run = ours.get_run(run_id), theirs.get_run(run_id)
    assert vars(mine.info) == plain(run.info, mine.info)
    assert repr(vars(mine.data)) == repr(
        {key: dict(one) for key, one in plain(run.data, mine.data).items()}  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    "query", ["", "attributes.status = 'RUNNING'", "tags.mode = 'train' and status = 'FAILED'"]
)
def test_runs_are_found_alike(store: Store, ours: SqliteClient, theirs: Client, query: str) -> None:
    a_run(theirs, store)
    theirs.create_run(store.experiment_id, 9, {"mode": "train"}, "another")
    theirs.delete_run(theirs.create_run(store.experiment_id, 8, {"mode": "train"}, "x").info.run_id)
    found = [
        [run.info.run_id for run in client.search_runs([store.experiment_id], query)]
        for client in (ours, theirs)
    ]
    assert found[0] == found[1]
    assert found[0]


def test_experiments_read_the_same(store: Store, ours: SqliteClient, theirs: Client) -> None:
    theirs.set_experiment_tag(store.experiment_id, "view", "leaderboard")
    mine = ours.get_experiment_by_name(store.experiment)
    assert vars(mine) == plain(theirs.get_experiment(store.experiment_id), mine)
    assert ours.get_experiment(store.experiment_id) == mine
    assert ours.get_experiment_by_name("another") is None


def test_models_and_versions_read_the_same(
    store: Store,
    ours: SqliteClient,
    theirs: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/another.db")
    theirs.create_registered_model(MODEL)
    numbers = [a_version(theirs, store, tmp_path / str(at)) for at in range(3)]
    theirs.set_registered_model_alias(MODEL, "champion", numbers[1])
    theirs.delete_model_version(MODEL, numbers[2])
    ours.set_registered_model_tag(MODEL, "move-1", "{}")
    ours.set_registered_model_tag(MODEL, "move-1", "{'a': 1}")
    model = ours.get_registered_model(MODEL)
    same = plain(theirs.get_registered_model(MODEL), model)
    assert vars(model) == same | {"aliases": {"champion": numbers[1]}}
    version = ours.get_model_version(MODEL, numbers[1])
    found = plain(theirs.get_model_version(MODEL, numbers[1]), version)
    assert vars(version) == found | {"version": numbers[1]}
    query = f"name = '{MODEL}'"
    for more in ("", f" and run_id = '{version.run_id}'"):
        pages = [c.search_model_versions(query + more, max_results=1) for c in (ours, theirs)]
        assert len({tuple(str(one.version) for one in page) for page in pages}) == 1
        assert len({bool(page.token) for page in pages}) == 1
    last = ours.search_model_versions(query, max_results=1, page_token="1")  # noqa: S106
    assert [one.version for one in last] == [numbers[0]]
    clients: tuple[Any, Any] = ours, theirs
    for at, client in enumerate(clients):
        copied = Path(client.copy_of_version(MODEL, numbers[0], "", str(tmp_path / f"copy-{at}")))
        assert (copied / "evidence" / "card.json").read_text() == "{}"
        (tmp_path / f"one-{at}").mkdir()
        one = client.copy_of_version(
            MODEL, numbers[0], "evidence/card.json", str(tmp_path / f"one-{at}")
        )
        assert Path(one).name == "card.json"


def test_what_is_unusual_is_left_to_mlflow(
    store: Store, ours: SqliteClient, theirs: Client, tmp_path: Path
) -> None:
    run_id = a_run(ours, store)
    calls: list[Any] = [
        lambda: ours.get_run("0" * 32),
        lambda: ours.get_registered_model("none"),
        lambda: ours.get_model_version("none", "1"),
        lambda: ours.set_registered_model_tag("none", "a", "b"),
        lambda: ours.log_values(run_id, {}, {"C": "2.0"}, {}),  # a parameter never changes
        lambda: ours.log_values(run_id, {"../a": 1.0}, {}, {}),
        lambda: ours.log_text(run_id, "text", "../note.txt"),
        lambda: ours.copy_of_version("none", "1", "", str(tmp_path)),
    ]
    for call in calls:
        with pytest.raises(MlflowException):
            call()
    theirs.delete_run(run_id)
    with pytest.raises(MlflowException, match="active"):
        ours.set_terminated(run_id)
    assert ours.search_experiments()  # no call of ours


def test_arguments_that_only_mlflow_takes_are_left_to_it(
    store: Store, ours: SqliteClient, theirs: Client
) -> None:
    store.start_run("job", {})
    asked: dict[str, Any] = {"order_by": ["attributes.start_time DESC"], "page_token": None}
    found, known = (one.search_runs([store.experiment_id], **asked) for one in (ours, theirs))
    assert [run.info.run_id for run in found] == [run.info.run_id for run in known]
    assert [*ours.search_model_versions()] == [*theirs.search_model_versions()] == []


def test_only_the_known_tables_are_read_by_sql(store: Store) -> None:
    assert store.experiment_id
    client = open_client(store.uri, store.artifacts, store.experiment)
    assert isinstance(client._client, SqliteClient)  # type: ignore[attr-defined]
    with closing(sqlite3.connect(database(store))) as connection, connection:
        connection.execute("CREATE TABLE of_another_release (id INTEGER)")
    client = open_client(store.uri, store.artifacts, store.experiment)
    assert isinstance(client._client, MlflowClient)  # type: ignore[attr-defined]
