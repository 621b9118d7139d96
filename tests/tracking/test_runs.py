"""Runs read by SQL are those that MLflow's client reads; nothing is created by reading."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from spaceship.errors import TrackingError
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.runs import Held, RunRow, pages, read_held, read_runs
from spaceship.tracking.store import Store
from tests.tracking.scored_runs import scored

TAGS, METRICS = ("task", "candidate", "nothing"), ("cv_accuracy", "cv_accuracy_std")


def by_client(store: Store) -> list[RunRow]:
    """Return the rows as MLflow's client gives them, oldest first."""
    found = [*pages(store.client.search_runs, [store.experiment_id])]
    rows = [
        RunRow(
            run.info.run_id,
            run.info.run_name,
            run.info.status,
            run.info.start_time,
            {key: run.data.tags[key] for key in TAGS if key in run.data.tags},
            {key: run.data.metrics[key] for key in METRICS if key in run.data.metrics},
        )
        for run in found
    ]
    return sorted(rows, key=lambda row: (row.started, row.run_id))


def by_us(store: Store) -> list[RunRow]:
    return sorted(read_runs(store, TAGS, METRICS), key=lambda row: (row.started, row.run_id))


def plain(row: RunRow) -> str:
    """Return a row as text, in which NaN equals NaN."""
    return repr(replace(row, tags=sorted(row.tags.items()), metrics=sorted(row.metrics.items())))  # type: ignore[arg-type]


def same(store: Store) -> None:
    """Assert that both ways give the same rows, NaN included."""
    ours, theirs = by_us(store), by_client(store)
    assert [*map(plain, ours)] == [*map(plain, theirs)]
    assert len(ours) > 1


def fill(store: Store) -> None:
    """Make runs of all kinds: with NaN, without scores, failed, deleted, of another experiment."""
    for name, score in (("a", 0.8), ("b", math.nan), ("c\n\x1b", -1e300)):
        scored(store, name, score)
    store.end_run(store.start_run("failed", {"task": "t"}), "FAILED")
    store.client.delete_run(scored(store, "deleted", 0.9))
    Store(store.uri, store.artifacts, "another").start_run("elsewhere", {"task": "t"})


def test_both_ways_give_the_same_rows(store: Store) -> None:
    fill(store)
    same(store)


def test_the_latest_value_of_a_metric_counts(store: Store) -> None:
    run_id = scored(store, "a", 0.8)
    store.log_scores(run_id, {"cv_accuracy": 0.7})
    scored(store, "b", 0.6)
    same(store)
    assert by_us(store)[0].metrics["cv_accuracy"] == 0.7


def test_reading_creates_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/o/mlflow.db", None, "spaceship")
    assert (read_runs(store), read_held(store)) == ([], {})
    assert [*tmp_path.iterdir()] == []


def test_a_store_without_the_experiment_has_no_runs(store: Store) -> None:
    fill(store)
    assert read_runs(Store(store.uri, store.artifacts, "none of these")) == []


def test_a_deleted_experiment_is_told_with_the_command_that_restores_it(store: Store) -> None:
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(TrackingError, match=r"restore it: .*experiments restore"):
        read_runs(Store(store.uri, store.artifacts, store.experiment))


def test_a_garbled_database_is_told_as_ever(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(TrackingError, match=r"whole MLflow database .*; restore it"):
        read_runs(Store(f"sqlite:///{tmp_path}/mlflow.db", None, "spaceship"))


def test_aliases_are_found_by_the_run_of_their_version(store: Store) -> None:
    ids = [scored(store, "a", 0.8), scored(store, "b", 0.7)]
    client = store.client
    client.create_registered_model("churn-local")
    for run_id in ids:
        client.create_model_version("churn-local", f"runs:/{run_id}/model", run_id)
    client.set_registered_model_alias("churn-local", CHAMPION, "1")
    client.set_registered_model_alias("churn-local", "mine", "1")
    client.set_registered_model_alias("churn-local", "challenger", "2")
    assert {run_id: sorted(held) for run_id, held in read_held(store).items()} == {
        ids[0]: [Held(CHAMPION, "churn-local", "1"), Held("mine", "churn-local", "1")],
        ids[1]: [Held("challenger", "churn-local", "2")],
    }
