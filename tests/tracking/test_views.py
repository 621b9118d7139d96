"""Saved views: each task and data source has its own, and what people changed stays."""

import json
import re
import socket

import pytest

from spaceship.task.task import Task
from spaceship.tracking.store import Store
from spaceship.tracking.ui import VIEW, main
from spaceship.tracking.views import NOTE, read_view, save_views, views


def tags(store: Store) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment_id).tags)


def test_a_second_time_nothing_is_written(store: Store, task: Task) -> None:
    save_views(store, task, "local", "spaceship")
    before = tags(store)
    save_views(store, task, "local", "spaceship")
    assert tags(store) == before, "not even the time of the last change"
    save_views(store, task, "synthetic", "spaceship")
    assert len([key for key in tags(store) if key.startswith(VIEW)]) == 6


def test_what_a_person_changed_stays(store: Store, task: Task) -> None:
    save_views(store, task, "local", "spaceship")
    key, mine = VIEW + views(task, "local")[0].key, json.dumps({"name": "mine", "state": "{}"})
    client, number = store.client, store.experiment_id
    client.set_experiment_tag(number, NOTE, "my own words")
    kept = json.loads(tags(store)[key])
    state = read_view(tags(store)[key])
    assert state is not None
    assert read_view(mine) is None
    client.set_experiment_tag(number, key, mine)
    save_views(store, task, "local", "spaceship")
    found = json.loads(tags(store)[key])
    assert (found["name"], found["state"]) == (kept["name"], kept["state"]), "no view: made anew"
    assert tags(store)[NOTE] == "my own words"


@pytest.mark.parametrize(
    ("problem", "first", "ascending"),
    [("binary", "cv_accuracy", False), ("regression", "cv_rmse", True)],
)
def test_a_leaderboard_is_sorted_by_the_metric_of_its_problem(
    task: Task, problem: str, first: str, *, ascending: bool
) -> None:
    other = task.model_copy(update={"problem": problem})
    board = views(other, "local")[0].state()
    assert (board["orderByKey"], board["orderByAsc"]) == (f"metrics.`{first}`", ascending)
    assert f"metrics.`{first.replace('cv_', 'holdout_')}`" in board["selectedColumns"]


@pytest.mark.parametrize("port", ["no port", "99999999"])
def test_the_server_says_what_is_wrong_before_it_starts(
    store: Store, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    outputs = str(store.artifacts).removesuffix("/mlartifacts")
    assert main(f"{outputs}/nothing", "5000") == 2
    assert "expected runs in" in capsys.readouterr().err
    assert main(outputs, port) == 2
    assert "expected a port" in capsys.readouterr().err


def test_a_port_in_use_is_named_before_the_server_starts(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = str(store.artifacts).removesuffix("/mlartifacts")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(outputs, str(taken.getsockname()[1])) == 2
    assert re.search(r"choose another: make ui PORT=\d+ ", capsys.readouterr().err)
