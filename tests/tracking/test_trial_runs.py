"""Runs of trials: the rows that MLflow's client would write, each run once, whoever is killed."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spaceship.tracking import trial_runs
from spaceship.tracking.client import Client
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store, run_tags
from spaceship.tracking.trial_runs import (
    LatestTrials,
    pending_folders,
    pending_run,
    write_runs,
)
from tests.tracking.trials import saved, statuses

METRICS = {"cv_accuracy": 0.8, "cv_roc_auc": math.nan, "r2": -math.inf}
TABLES = ("runs", "tags", "params", "metrics", "latest_metrics")
OWN = {"run_uuid", "artifact_uri", "start_time", "end_time", "timestamp"}


def rows_of(store: Store, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return what MLflow's tables hold of a run, without its id and times."""
    found = {}
    with closing(sqlite3.connect(store.uri.removeprefix("sqlite:///"))) as connection:
        connection.row_factory = sqlite3.Row
        for table in TABLES:
            query = f"SELECT * FROM {table} WHERE run_uuid = ?"
            rows = [dict(row) for row in connection.execute(query, [run_id])]
            plain = [{k: v for k, v in row.items() if k not in OWN} for row in rows]
            found[table] = sorted(plain, key=str)
    return found


def test_the_rows_are_those_of_mlflows_client(store: Store, tmp_path: Path) -> None:
    run = saved(tmp_path / "3")
    client, own = Client(store.uri, store.uri), run_tags(run.tags)
    by_client = client.create_run(store.experiment_id, None, own, run.name).info.run_id
    client.log_values(by_client, METRICS, run.params, {"state": "COMPLETE"})
    client.set_terminated(by_client, "FINISHED")
    run.ended("FINISHED", {"state": "COMPLETE"}, METRICS).save(tmp_path / "3")
    write_runs(store, [tmp_path / "3"])
    written = Job(tmp_path / "3", in_multirun=True).run_id
    assert written == run.run_id
    assert rows_of(store, written) == rows_of(store, by_client)
    one, other = (store.client.get_run(each).info for each in (written, by_client))
    assert one.artifact_uri.replace(written, by_client) == other.artifact_uri
    store.client.log_text(written, "text", "note.txt")
    store.client.log_metric(written, "later", 1.0)
    assert store.client.get_metric_history(written, "cv_accuracy")[0].value == 0.8


def test_a_run_is_written_once_though_its_writer_was_killed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        saved(tmp_path / str(number), number, str(number) * 32).ended("FINISHED", {}).save(
            tmp_path / str(number)
        )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Job, "note_run", killed)
        with pytest.raises(KeyboardInterrupt):
            write_runs(store, pending_folders(tmp_path))
    assert len(pending_folders(tmp_path)) == 2
    write_runs(store, pending_folders(tmp_path))
    assert statuses(store) == ["FINISHED", "FINISHED"]
    assert not pending_folders(tmp_path)


def test_an_unfinished_trial_is_killed_unless_another_process_lives(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "3")
    with monkeypatch.context() as patched:
        patched.setattr(trial_runs, "is_others", lambda _: True)
        write_runs(store, pending_folders(tmp_path))
    assert statuses(store) == []
    write_runs(store, pending_folders(tmp_path))
    assert statuses(store) == ["KILLED"]


def test_the_first_trial_is_written_at_its_end(store: Store, tmp_path: Path) -> None:
    latest = LatestTrials(seconds=3600)
    for number in (1, 2):
        folder = tmp_path / str(number)
        saved(folder, number, str(number) * 32).ended("FINISHED", {}).save(folder)
        latest.add(store, folder)
    assert pending_folders(tmp_path) == [tmp_path / "2"]


def test_a_store_that_fails_costs_no_trial(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    latest = LatestTrials(seconds=0)
    for number in (1, 2):
        folder = tmp_path / str(number)
        saved(folder, number, str(number) * 32).ended("FINISHED", {}).save(folder)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(trial_runs, "rows_of_runs", fail)
        latest.add(store, tmp_path / "1")
    assert "runs of 1 trials are not in MLflow yet: no space left" in caplog.text
    latest.add(store, tmp_path / "2")
    assert statuses(store) == ["FINISHED", "FINISHED"]


def test_a_server_gives_runs_their_ids(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the database's client plays the server's: the calls are the same."""
    monkeypatch.setattr(trial_runs, "is_database", lambda _: False)
    run = saved(tmp_path / "3").ended("FINISHED", {"state": "COMPLETE"}, METRICS)
    run.save(tmp_path / "3")
    write_runs(store, [tmp_path / "3"])
    run_id = Job(tmp_path / "3", in_multirun=True).logged_run()
    found = store.client.get_run(run_id)
    assert run_id != run.run_id
    assert (found.info.start_time, found.info.end_time) == (run.start_time, run.end_time)
    assert (found.info.status, found.data.params) == ("FINISHED", {"C": "1.0"})
    assert found.data.metrics["cv_accuracy"] == 0.8
    assert pending_run(tmp_path / "3") is None


@pytest.mark.parametrize("fault", ["at create_run", "at log_values", "at log_text"])
def test_a_server_gets_each_run_once_whenever_its_writer_was_killed(
    fault: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_runs, "is_database", lambda _: False)
    failed = saved(tmp_path / "3").ended("FAILED", {}, METRICS, "Traceback")
    failed.save(tmp_path / "3")
    call = getattr(store.client, fault.removeprefix("at "))

    def killed(*arguments: Any, **options: Any) -> None:
        call(*arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store.client, fault.removeprefix("at "), killed, raising=False)
        with pytest.raises(KeyboardInterrupt):
            write_runs(store, [tmp_path / "3"])
    assert pending_folders(tmp_path)
    write_runs(store, [tmp_path / "3"])
    (run,) = store.client.search_runs([store.experiment_id])
    assert (run.info.status, run.data.params) == ("FAILED", {"C": "1.0"})
    assert run.data.metrics["cv_accuracy"] == 0.8
    assert [one.path for one in store.client.list_artifacts(run.info.run_id)] == ["traceback.txt"]
    assert not pending_folders(tmp_path)
