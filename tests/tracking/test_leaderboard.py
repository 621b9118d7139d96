"""The leaderboard: the best first, on the same data; trials and failures are counted."""

import math

import pytest

from spaceship.task.task import Task
from spaceship.tracking.leaderboard import Basis, Leaderboard, rank
from spaceship.tracking.store import Store
from tests.tracking.scored_runs import PARENT, scored, sweep, trial


def recipes(board: Leaderboard) -> list[str]:
    return [run.recipe for run in board.runs]


@pytest.fixture
def ranked(store: Store, task: Task) -> "Leaderboard":
    """Give the leaderboard of runs of all kinds."""
    scored(store, "old best", 0.99, {"data_digest": "d0"})
    scored(store, "worse", 0.7)
    scored(store, "lost", math.nan)
    scored(store, "elsewhere", 0.98, {"data_source": "local"})
    scored(store, "better", 0.8)
    scored(store, "another task", 0.9, {"task": "churn"})
    scored(store, "crashed", 0.9, {"status": "FAILED"})
    scored(store, "a prediction", 0.9, {"mode": "inference", "candidate": "", "status": "FAILED"})
    store.start_run("at work", {"task": task.name, "mode": "train"})
    return rank(store, task, Basis("synthetic"))


def test_runs_on_other_data_follow_marked(ranked: Leaderboard) -> None:
    assert recipes(ranked) == ["better", "worse", "lost", "elsewhere", "old best"]
    assert [run.same_data for run in ranked.runs] == [True, True, True, False, False]
    assert ranked.data_digest == "d1"


def test_runs_compare_with_the_digest_in_use_though_a_later_run_has_another(
    ranked: Leaderboard, store: Store, task: Task
) -> None:
    board = rank(store, task, Basis("synthetic", "d0"))
    assert (board.data_digest, board.data_in_use, ranked.data_in_use) == ("d0", True, False)
    assert [run.recipe for run in board.runs if run.comparable] == ["old best"]


def test_runs_of_another_split_stand_apart(store: Store, task: Task) -> None:
    own, other = "hash 0.2, salt a, 5 folds", "hash 0.2, salt b, 5 folds"
    scored(store, "other salt", 0.9, {"split": other})
    scored(store, "earlier release", 0.7)
    scored(store, "own", 0.8, {"split": own})
    scored(store, "elsewhere", 0.95, {"split": own, "data_digest": "d2"})
    board = rank(store, task, Basis("synthetic", "d1", own))
    assert recipes(board) == ["own", "earlier release", "other salt", "elsewhere"]
    assert [run.comparable for run in board.runs] == [True, True, False, False]
    assert [run.same_split for run in board.runs] == [True, True, False, True]
    assert rank(store, task, Basis("synthetic", "d1", other)).runs[0].recipe == "other salt"


def test_what_has_no_score_is_counted(ranked: Leaderboard) -> None:
    assert (ranked.failed, ranked.running, ranked.trials) == (1, 1, 0)


def test_of_a_sweep_only_the_job_that_came_to_the_gate_is_listed(store: Store, task: Task) -> None:
    above = sweep(store, study=True)
    trial(store, above, "tried", 0.9)
    trial(store, above, "pruned", 0.9, candidate="")
    blend = trial(store, above, "judged", 0.8, award="challenger")
    board = rank(store, task, Basis("synthetic"))
    assert (recipes(board), board.trials) == (["judged"], 2)
    assert board.runs[0].run_id == blend
    assert board.runs[0].command.endswith(" mode=tune"), "it has no command but that of its sweep"
    every = rank(store, task, Basis("synthetic"), trials=True)
    assert (recipes(every), every.trials) == (["tried", "judged"], 0)
    assert all(run.trial for run in every.runs)


def test_a_judged_run_that_was_interrupted_keeps_its_place(store: Store, task: Task) -> None:
    scored(store, "judged", 0.9, {"status": "KILLED", "award": "champion"})
    scored(store, "not judged", 0.8, {"status": "KILLED"})
    board = rank(store, task, "synthetic")
    assert (recipes(board), board.failed) == (["judged"], 1)


def test_each_job_of_a_grid_is_listed(store: Store, task: Task) -> None:
    above = sweep(store, study=False)
    for number in range(2):
        scored(store, f"job {number}", 0.8 + number / 10, {PARENT: above})
    board = rank(store, task, Basis("synthetic"))
    assert recipes(board) == ["job 1", "job 0"]
    assert not any(run.trial for run in board.runs)


def test_the_least_error_is_the_best(store: Store, task: Task) -> None:
    sales = task.model_copy(update={"problem": "regression"})
    for error in (3.0, 1.0, 2.0):
        scored(store, f"{error:g}", error, metric="rmse")
    assert recipes(rank(store, sales, Basis("synthetic"))) == ["1", "2", "3"]


def test_a_program_of_another_installation_is_named_as_it_is_here(store: Store, task: Task) -> None:
    scored(store, "a", 0.8, {"command": "python scripts/run.py mode=train seed=1"})
    scored(store, "b", 0.7, {"command": "make mine"})
    first, second = rank(store, task, Basis("synthetic")).runs
    assert first.command.endswith(" mode=train seed=1")
    assert second.command == "make mine"
