"""The MLflow store: set up once, runs that tell the truth, errors that say what to do."""

import json
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

from hydra_plugins.spaceship_optuna.process import process_tags
from spaceship.errors import TrackingError
from spaceship.process.at_exit import PENDING
from spaceship.tracking.store import PARAM_LENGTH, Store
from spaceship.tracking.tag_names import own_tags
from tests.forks import Fork

FIRST_RUN = """
import sys
from spaceship.tracking.store import Store
folder, name = sys.argv[1:]
store = Store(f"sqlite:///{folder}/mlflow.db", f"{folder}/mlartifacts", "spaceship")
store.end_run(store.start_run(name, {}), "FINISHED")
"""
STARTS_AND_WAITS = """
import sys, time
from spaceship.tracking.store import Store
store = Store(sys.argv[1], None, "spaceship")
print(store.start_run("left alone", {"folder": sys.argv[2]}), flush=True)
time.sleep(60)
"""


def status(store: Store, run_id: str) -> str:
    return str(store.client.get_run(run_id).info.status)


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


def test_a_model_that_its_run_did_not_complete_is_marked_failed(store: Store) -> None:
    client, ends = store.client, ("FAILED", "KILLED", "FINISHED")
    runs = [store.start_run(end, {}) for end in (*ends, "goes on")]
    models = [client.create_logged_model(store.experiment_id, "model", run) for run in runs]
    client.finalize_logged_model(models[2].model_id, "READY")
    for run, end in zip(runs, ends, strict=False):
        store.end_run(run, end)
    found = [str(client.get_logged_model(one.model_id).status) for one in models]
    assert found == ["FAILED", "FAILED", "READY", "PENDING"]


def test_a_model_below_a_multirun_that_was_killed_is_marked_failed(store: Store) -> None:
    parent = store.start_run("multirun", {})
    best = store.start_run("its best job", {}, parent)
    model = store.client.create_logged_model(store.experiment_id, "model", best)
    store.end_run(best, "FINISHED")
    store.end_parent(parent, "KILLED")
    assert str(store.client.get_logged_model(model.model_id).status) == "FAILED"
    assert (status(store, best), status(store, parent)) == ("FINISHED", "KILLED")


@pytest.mark.slow
def test_a_multirun_that_others_are_at_is_theirs_to_end(store: Store, tmp_path: Path) -> None:
    parent = store.start_run("multirun", {})
    own = store.start_run("own", {}, parent)
    command = [sys.executable, "-c", STARTS_AND_WAITS, store.uri, str(tmp_path)]
    with Fork(command) as process:
        assert process.stdout is not None
        worker = process.stdout.readline().strip()
        store.set_tags(worker, {"mlflow.parentRunId": parent})
        elsewhere = {**own_tags(), "mlflow.spaceship.place": "elsewhere"}
        other = store.start_run("other", {}, parent)
        store.set_tags(other, elsewhere)
        store.end_parent(parent, "KILLED")
        found = [status(store, run) for run in (own, worker, other, parent)]
        assert found == ["KILLED", "KILLED", "RUNNING", "RUNNING"], (
            "a worker of ours is ours to end"
        )
        process.kill()
    store.end_run(other, "FINISHED")
    store.end_parent(parent, "FINISHED")
    assert [status(store, run) for run in (other, parent)] == ["FINISHED", "FINISHED"]


def test_a_run_is_ended_whenever_the_process_is_interrupted(store: Store) -> None:
    create, came = store.client.create_run, []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        run = create(*arguments, **options)
        came.append(run.info.run_id)
        signal.raise_signal(signal.SIGINT)
        return run

    store.client.create_run = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        store.start_run("interrupted", {})
    PENDING.end_runs("KILLED")
    assert [status(store, run) for run in came] == ["KILLED"]


def test_a_page_lists_no_process_and_the_latest_of_a_resumed_run_counts(
    store: Store, tmp_path: Path
) -> None:
    made = store.start_run("made", {})
    tags = store.client.get_run(made).data.tags
    assert [key for key in tags if not key.startswith("mlflow.")] == []
    dead = process_tags() | {"spaceship.process": json.dumps([2**22 + 1, 0.0])}
    old = store.client.create_run(store.experiment_id, tags=dead).info.run_id
    store.set_tags(old, own_tags())  # as a newer release resumes a sweep
    assert store.close_orphans(tmp_path) == []
    store.set_tags(old, {"mlflow.spaceship.process": dead["spaceship.process"]})
    assert store.close_orphans(tmp_path) == [old]


@pytest.mark.slow
def test_a_start_ends_the_runs_of_processes_that_were_killed_and_no_others(
    store: Store, tmp_path: Path
) -> None:
    living = store.start_run("living", {"folder": str(tmp_path / "living")})
    elsewhere = {**process_tags(), "spaceship.place": "elsewhere"}
    gone = json.dumps([2**22 + 1, 0.0])
    foreign = store.client.create_run(
        store.experiment_id, tags=elsewhere | {"spaceship.process": gone}
    ).info.run_id
    untagged = store.client.create_run(store.experiment_id).info.run_id
    above = process_tags() | {"spaceship.process": gone, "folder": str(tmp_path / "lone")}
    parent = store.client.create_run(store.experiment_id, tags=above).info.run_id
    child = store.start_run("living", {}, parent)
    ended = store.start_run("ended", {})
    store.set_tags(ended, {"mlflow.spaceship.process": gone})
    store.end_run(ended, "FAILED")
    for folder in ("living", "left/era-1", "lone/1"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / ".report.json.tmp").touch()
    command = [sys.executable, "-c", STARTS_AND_WAITS, store.uri, str(tmp_path / "left")]
    with Fork(command) as process:
        assert process.stdout is not None
        left = process.stdout.readline().strip()
        assert store.close_orphans(tmp_path) == [parent]
        assert status(store, left) == "RUNNING"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert store.close_orphans(tmp_path) == [left]
    assert sorted(path.parent.name for path in tmp_path.rglob("*.tmp")) == ["1", "living"]
    assert status(store, left) == "KILLED"
    assert {status(store, run) for run in (living, foreign, untagged, child)} == {"RUNNING"}
    assert status(store, ended) == "FAILED"
    assert store.close_orphans(tmp_path) == []


def test_ending_a_run_ends_what_runs_below_it(store: Store) -> None:
    parent, other = store.start_run("parent", {}), store.start_run("other", {})
    children = [store.start_run(f"child-{n}", {}, parent) for n in range(2)]
    store.end_run(children[0], "FINISHED")
    store.end_parent(parent, "FAILED")
    found = [status(store, run) for run in (parent, *children, other)]
    assert found == ["FAILED", "FINISHED", "KILLED", "RUNNING"]


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
    assert status(store, run_id) == "FINISHED"


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
