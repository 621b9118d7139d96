"""Runs that a killed sweep has left: written by the next start, and no fault stops another."""

from dataclasses import replace
from pathlib import Path

import pytest

from spaceship.errors import TrackingError
from spaceship.tracking.store import FOLDER_TAG, Store
from spaceship.tracking.trial_runs import LatestTrials, pending_folders, write_below, write_runs
from tests.tracking.trials import GONE, killed_sweep, saved, statuses


@pytest.mark.parametrize("place", ["outputs", "elsewhere"])
def test_the_next_start_writes_the_runs_of_a_killed_sweep(
    place: str, store: Store, tmp_path: Path
) -> None:
    sweep = tmp_path / place / "multiruns" / "1"
    parent = killed_sweep(store, sweep)
    run = saved(sweep / "1", 1, parent=parent)
    run.ended("FAILED", {"state": "FAILED"}, traceback="caf\udce9").save(sweep / "1")
    saved(sweep / "2", 2, "c" * 32, parent).ended("RUNNING", GONE).save(sweep / "2")
    saved(sweep / "3", 3, "d" * 32, parent="of another sweep").ended("FAILED", {}).save(sweep / "3")
    store.close_orphans(tmp_path / "outputs")
    assert statuses(store) == ["FAILED", "KILLED", "KILLED"]
    files = [one.path for one in store.client.list_artifacts(run.run_id)]
    assert files == ["traceback.txt"]
    assert pending_folders(sweep) == [sweep / "3"]


def test_a_run_that_cannot_be_written_stops_no_other_and_no_start(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parent = killed_sweep(store, tmp_path)
    for number in (1, 2, 3):
        run = saved(tmp_path / str(number), number, str(number) * 32, parent).ended("FINISHED", {})
        if number == 1:
            run = replace(run, tags={**run.tags, "half": "\udce9"})
        elif number == 2:
            run = replace(run, traceback="Traceback")
        run.save(tmp_path / str(number))
    in_the_way = Path(str(store.artifacts)) / ("2" * 32)  # of the traceback
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.touch()
    assert store.close_orphans(tmp_path) == [parent]
    assert statuses(store) == ["FINISHED", "FINISHED", "KILLED"]
    assert pending_folders(tmp_path) == [tmp_path / "1", tmp_path / "2"]
    assert caplog.text.count("are not in MLflow yet") == 2
    assert "tried again" in caplog.text


def test_a_lock_of_another_account_stops_no_start(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parent = killed_sweep(store, tmp_path)
    saved(tmp_path / "1", parent=parent).ended("FINISHED", {}).save(tmp_path / "1")
    (tmp_path / ".runs.lock").mkdir()  # root may open every file, but no folder
    assert store.close_orphans(tmp_path) == [parent]
    assert "are not in MLflow yet: " in caplog.text
    assert statuses(store) == ["KILLED"]


def test_a_run_of_a_machine_that_is_gone_is_written_once_it_is_named(
    store: Store, tmp_path: Path
) -> None:
    parent = store.start_run("sweep", {FOLDER_TAG: str(tmp_path)})
    there = {"mlflow.spaceship.host": "old-box", "mlflow.spaceship.place": "another boot"}
    saved(tmp_path / "1", parent=parent).ended("RUNNING", there).save(tmp_path / "1")
    for host, found in ((None, 1), ("new-box", 1), ("old-box", 0)):
        write_below(store, tmp_path, store.client.get_run(parent), host)
        assert len(pending_folders(tmp_path)) == found
    assert statuses(store) == ["KILLED", "RUNNING"]


@pytest.mark.parametrize("place", ["multiruns/day/time", "mine", "my/own/deep/sweep"])
def test_a_sweep_begun_on_another_machine_is_found_in_the_outputs_of_this_one(
    store: Store, tmp_path: Path, place: str
) -> None:
    parent = store.start_run("sweep", {FOLDER_TAG: f"/srv/outputs/{place}"})
    folder = tmp_path / place / "1"
    saved(folder, parent=parent).ended("FINISHED", {}).save(folder)
    write_below(store, tmp_path, store.client.get_run(parent))
    assert statuses(store) == ["FINISHED", "RUNNING"]


def test_no_run_is_written_into_a_deleted_experiment(store: Store, tmp_path: Path) -> None:
    saved(tmp_path / "3").ended("FINISHED", {}).save(tmp_path / "3")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(TrackingError, match=r"expected an active experiment .* restore it"):
        write_runs(store, [tmp_path / "3"])
    LatestTrials().add(store, tmp_path / "3")  # costs no trial
    assert pending_folders(tmp_path) == [tmp_path / "3"]
    store.client.restore_experiment(store.experiment_id)
    write_runs(store, [tmp_path / "3"])
    assert statuses(store) == ["FINISHED"]
