"""Runs of trials: the rows that MLflow's client would write, each run once, whoever is killed."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spaceship.tracking import trial_runs
from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG, Store, run_params, run_tags
from spaceship.tracking.trial_runs import (
    LatestTrials,
    TrialRun,
    noted_folders,
    noted_run,
    write_runs,
)

METRICS = {"cv_accuracy": 0.8, "cv_roc_auc": math.nan, "r2": -math.inf}
TABLES = ("runs", "tags", "params", "metrics", "latest_metrics")
OWN = {"run_uuid", "artifact_uri", "start_time", "end_time", "timestamp"}


def noted(folder: Path, number: int = 3, run_id: str = "a" * 32) -> TrialRun:
    """Return a running trial's run, noted in its folder."""
    tags = run_tags({"trial": str(number), FOLDER_TAG: str(folder)}, parent="b" * 32)
    run = TrialRun(f"svm #{number}", tags, run_params({"C": "1.0"}), run_id=run_id)
    run.note(folder)
    return run


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


def statuses(store: Store) -> list[str]:
    runs = store.client.search_runs([store.experiment_id])
    return sorted(run.info.status for run in runs)


def test_the_rows_are_those_of_mlflows_client(store: Store, tmp_path: Path) -> None:
    run = noted(tmp_path / "3")
    by_client = store.start_run(run.name, run.tags)
    store.log_scores(by_client, METRICS, {"state": "COMPLETE"}, run.params)
    store.end_run(by_client, "FINISHED")
    run.ended("FINISHED", {"state": "COMPLETE"}, METRICS).note(tmp_path / "3")
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
        noted(tmp_path / str(number), number, str(number) * 32).ended("FINISHED", {}).note(
            tmp_path / str(number)
        )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Job, "note_run", killed)
        with pytest.raises(KeyboardInterrupt):
            write_runs(store, noted_folders(tmp_path))
    assert len(noted_folders(tmp_path)) == 2
    assert not write_runs(store, noted_folders(tmp_path))
    assert statuses(store) == ["FINISHED", "FINISHED"]
    assert not noted_folders(tmp_path)


def test_an_unfinished_trial_is_killed_unless_another_process_lives(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted(tmp_path / "3")
    with monkeypatch.context() as patched:
        patched.setattr(trial_runs, "is_others", lambda _: True)
        assert write_runs(store, noted_folders(tmp_path))
    assert statuses(store) == []
    assert not write_runs(store, noted_folders(tmp_path))
    assert statuses(store) == ["KILLED"]


def test_the_next_start_writes_the_runs_of_a_killed_sweep(store: Store, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    sweep = outputs / "multiruns" / "1"
    parent = store.start_run("sweep", {FOLDER_TAG: str(sweep)})
    gone = {"mlflow.spaceship.process": "[999999999, 1.0]"}
    store.set_tags(parent, gone)
    run = noted(sweep / "1", 1)
    run.ended("FAILED", {"state": "FAILED"}, traceback="Traceback").note(sweep / "1")
    late = noted(sweep / "2", 2, "c" * 32)
    late.ended("RUNNING", gone).note(sweep / "2")
    store.close_orphans(outputs)
    assert statuses(store) == ["FAILED", "KILLED", "KILLED"]
    files = [one.path for one in store.client.list_artifacts(run.run_id)]
    assert files == ["traceback.txt"]


def test_a_store_that_fails_costs_no_trial(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    latest = LatestTrials(seconds=0)
    for number in (1, 2):
        folder = tmp_path / str(number)
        noted(folder, number, str(number) * 32).ended("FINISHED", {}).note(folder)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(trial_runs, "mlflow_sessions", fail)
        latest.add(store, tmp_path / "1")
    assert "runs of 1 trials are not in MLflow yet: no space left" in caplog.text
    latest.add(store, tmp_path / "2")
    assert statuses(store) == ["FINISHED", "FINISHED"]


def test_a_server_gives_runs_their_ids(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the database's client plays the server's: the calls are the same."""
    monkeypatch.setattr(trial_runs, "mlflow_sessions", lambda _: None)
    run = noted(tmp_path / "3").ended("FINISHED", {"state": "COMPLETE"}, METRICS)
    run.note(tmp_path / "3")
    write_runs(store, [tmp_path / "3"])
    run_id = Job(tmp_path / "3", in_multirun=True).logged_run()
    found = store.client.get_run(run_id)
    assert run_id != run.run_id
    assert (found.info.start_time, found.info.end_time) == (run.start_time, run.end_time)
    assert (found.info.status, found.data.params) == ("FINISHED", {"C": "1.0"})
    assert found.data.metrics["cv_accuracy"] == 0.8
    assert noted_run(tmp_path / "3") is None
