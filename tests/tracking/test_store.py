"""The MLflow store: set up once, names and values of any kind, errors that say what to do."""

import math
import pickle
import re
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from spaceship.errors import TrackingError
from spaceship.tracking.store import PARAM_LENGTH, Store
from tests.forks import Fork

FIRST_RUN = """
import sys
from spaceship.tracking.store import Store
folder, name = sys.argv[1:]
store = Store(f"sqlite:///{folder}/mlflow.db", f"{folder}/mlartifacts", "spaceship")
store.end_run(store.start_run(name, {}), "FINISHED")
"""


@pytest.mark.slow
def test_four_first_runs_at_once_succeed_where_a_set_up_was_killed_before(tmp_path: Path) -> None:
    folder = tmp_path / "not there" / "yet"
    folder.mkdir(parents=True)
    (folder / ".mlflow.db.unfinished").write_bytes(b"SQLite format 3\0, but that is all")
    (folder / ".mlflow.db.unfinished-journal").write_bytes(b"half a journal")
    commands = [[sys.executable, "-c", FIRST_RUN, str(folder), f"first-{n}"] for n in range(4)]
    first = [Fork(command) for command in commands]
    errors = [process.communicate()[0] for process in first]
    assert [process.returncode for process in first] == [0, 0, 0, 0], errors
    store = Store(f"sqlite:///{folder}/mlflow.db", None, "spaceship")
    runs = store.client.search_runs([store.experiment_id])
    assert sorted(run.info.run_name for run in runs) == [f"first-{n}" for n in range(4)]
    assert {run.info.status for run in runs} == {"FINISHED"}
    location = store.client.get_experiment(store.experiment_id).artifact_location
    assert location == (folder / "mlartifacts").as_uri()
    assert not list(folder.glob(".mlflow.db.unfinished*"))


@pytest.mark.parametrize("by", ["SQL", "MLflow"])
def test_an_interrupted_write_is_whole_and_keeps_no_lock(
    by: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store.start_run("interrupted", {})
    client = store.client if by == "SQL" else store.client.upstream  # type: ignore[attr-defined]
    connect = sqlite3.connect

    def interrupt(query: str) -> None:
        if query.startswith("INSERT INTO tags"):
            signal.raise_signal(signal.SIGINT)

    def traced(*given: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*given, **named)
        connection.set_trace_callback(interrupt)
        return connection

    def before(*arguments: Any) -> None:
        interrupt(arguments[2])

    event.listen(Engine, "before_cursor_execute", before)
    try:
        monkeypatch.setattr(sqlite3, "connect", traced)
        with pytest.raises(KeyboardInterrupt):
            client.set_tag(run_id, "key", "value")
    finally:
        monkeypatch.undo()
        event.remove(Engine, "before_cursor_execute", before)
    assert store.client.get_run(run_id).data.tags["key"] == "value"
    with closing(sqlite3.connect(store.uri.removeprefix("sqlite:///"), timeout=0)) as connection:
        connection.execute("BEGIN IMMEDIATE")


def test_a_run_has_its_name_tags_and_parent(store: Store) -> None:
    parent = store.start_run("parent", {})
    run = store.client.get_run(store.start_run("child", {"mode": "train"}, parent))
    assert run.info.run_name == "child"
    assert run.data.tags["mode"] == "train"
    assert run.data.tags["mlflow.parentRunId"] == parent


def test_parameters_of_any_length_number_and_name(store: Store) -> None:
    run_id = store.start_run("long", {})
    params = {f"p{n}": str(n) for n in range(250)}
    odd = {"model.a+b@c=d": "1", "a/../b": "2", "k" * 300: "3", "ünï code": "4", "empty": ""}
    store.log_params(run_id, params | odd | {"long": "v" * 100_000})
    logged = store.client.get_run(run_id).data.params
    assert {key: logged[key] for key in params} == params
    assert logged["long"] == "v" * (PARAM_LENGTH - 1) + "…"
    assert logged["model.a_b_c_d"] == "1"
    assert logged["k" * 250] == "3"
    assert logged["ünï code"] == "4"
    assert len(logged) == len(params) + len(odd) + 1


def test_parameters_whose_names_differ_in_odd_characters_alone_are_all_kept(store: Store) -> None:
    run_id = store.start_run("odd", {})
    params = {"pay €": "1", "pay $": "2", "pay _": "3", "k" * 251: "4", "k" * 252: "5"}
    store.log_params(run_id, params)
    logged = store.client.get_run(run_id).data.params
    assert logged == {
        "pay _": "1",
        "pay __2": "2",
        "pay __3": "3",
        "k" * 250: "4",
        "k" * 240 + "_2": "5",
    }


def test_metrics_keep_every_digit_and_nan(store: Store) -> None:
    run_id = store.start_run("metrics", {})
    store.log_scores(run_id, {"loss": 0.1 + 0.2, "auc": math.nan}, {"a": "b"}, {"C": "1"})
    found = store.client.get_run(run_id).data
    assert found.metrics["loss"] == 0.1 + 0.2
    assert math.isnan(found.metrics["auc"])
    assert (found.tags["a"], found.params) == ("b", {"C": "1"})


def test_long_and_empty_tags(store: Store) -> None:
    run_id = store.start_run("tags", {})
    store.set_tags(run_id, {"reason": "r" * 100_000, "empty": ""})
    tags = store.client.get_run(run_id).data.tags
    assert (tags["reason"], tags["empty"]) == ("r" * 4999 + "…", "")


def test_travels_to_another_process_even_after_use(store: Store) -> None:
    run_id = store.start_run("here", {})
    there = pickle.loads(pickle.dumps(store))  # noqa: S301 - what a launcher does
    there.end_run(run_id, "FINISHED")
    assert there == store
    assert store.client.get_run(run_id).info.status == "FINISHED"


def test_a_deleted_experiment_is_not_written_to(store: Store) -> None:
    store.client.delete_experiment(store.experiment_id)
    again = Store(store.uri, store.artifacts, store.experiment)
    with pytest.raises(TrackingError, match=r"'spaceship', found it deleted; choose another"):
        again.start_run("x", {})


def test_a_missing_uri_says_how_to_give_one() -> None:
    with pytest.raises(TrackingError, match=r"add tracking\.uri=http://HOST:PORT"):
        Store("", None, "spaceship")


@pytest.mark.parametrize("uri", ["mlruns", "./mlruns", "file:///nowhere/mlruns", "/var/mlruns"])
def test_file_stores_are_refused(uri: str) -> None:
    with pytest.raises(TrackingError, match="MLflow refuses file stores; use tracking=sqlite"):
        Store(uri, None, "spaceship")


def test_an_unreachable_server_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    store = Store("http://me:pw@127.0.0.1:9", None, "spaceship")
    with pytest.raises(TrackingError) as caught:
        _ = store.client
    message = str(caught.value)
    assert message.startswith("expected an MLflow store at http://me:***@127.0.0.1:9, found: ")
    assert message.endswith("or drop tracking=server to use SQLite")
    assert "me:pw" not in message


def test_a_database_without_its_driver_says_so() -> None:
    store = Store("nosuchsql://me:pw@127.0.0.1/x", None, "spaceship")
    with pytest.raises(TrackingError, match=r"nosuchsql://me:\*\*\*@127.*driver for it installed"):
        _ = store.client


@pytest.mark.parametrize("folder", [False, True])
def test_a_file_that_is_no_database_is_told_at_once(tmp_path: Path, *, folder: bool) -> None:
    database = tmp_path / "mlflow.db"
    if folder:
        database.mkdir()
    else:
        database.write_text("no database at all\n" * 100)
    start = time.monotonic()
    told = (
        r"found: .*; check paths\.outputs: .* a database$" if folder else "mv .*mlflow.db.damaged$"
    )
    with pytest.raises(TrackingError, match=told):
        _ = Store(f"sqlite:///{database}", None, "spaceship").client
    assert time.monotonic() - start < 10, "MLflow tries again for 100 s"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match=r"check paths\.outputs: it must be a folder"):
        _ = Store(f"sqlite:///{tmp_path}/file/deeper/mlflow.db", None, "spaceship").client


@pytest.mark.parametrize("name", ["100%", "a?b"])
def test_folders_that_a_database_uri_cannot_name(tmp_path: Path, name: str) -> None:
    store = Store(f"sqlite:///{tmp_path}/{name}/mlflow.db", None, "spaceship")
    with pytest.raises(TrackingError, match=re.escape(name[-1 if "%" in name else 1])):
        _ = store.client
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_blanks_and_accents(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "données de vol #1"
    folder.mkdir()
    Path(store.uri.removeprefix("sqlite:///")).rename(folder / "mlflow.db")
    moved = Store(f"sqlite:///{folder}/mlflow.db", str(folder / "art"), "spaceship")
    run_id = moved.start_run("x", {})
    moved.client.log_text(run_id, "text", "a.txt")
    assert [path.read_text() for path in folder.rglob("a.txt")] == ["text"]
