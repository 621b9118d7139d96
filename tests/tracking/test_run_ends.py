"""Ends of runs: true statuses of runs and models, also of those whose process was killed."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from hydra_plugins.spaceship_optuna.process import process_tags
from spaceship.process.at_exit import PENDING
from spaceship.tracking.store import Store
from spaceship.tracking.tag_names import own_tags
from tests.forks import Fork

STARTS_AND_WAITS = """
import sys, time
from spaceship.tracking.store import Store
store = Store(sys.argv[1], None, "spaceship")
print(store.start_run("left alone", {"folder": sys.argv[2]}), flush=True)
time.sleep(60)
"""


def status(store: Store, run_id: str) -> str:
    return str(store.client.get_run(run_id).info.status)


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
