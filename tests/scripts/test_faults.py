"""The benchmarks of faults and promoters: what they strike, what they call wrong, a few cases."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.chaos import promises as bench_promises
from scripts.chaos.points import Point, Step, Watch, steps
from scripts.chaos.state import NOTHING, State
from scripts.chaos.verbs import Struck, judge
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHAMPION, Registry
from tests import forks
from tests.commands import ROOT

BEFORE = replace(NOTHING, versions={"1": "a", "2": "b"}, champion="1")
MOVED = replace(BEFORE, champion="2")


def struck(*stood: State, ends: Sequence[int] = (1, 0), reached: bool = True) -> Struck:
    return Struck((*ends,), (BEFORE, *stood), ("old", "old"), reached, ())


def test_first_and_last_writes_of_a_name_are_struck_and_one_in_the_middle_of_many() -> None:
    calls = [("a", 0), ("b", 2), ("a", 3), ("a", 1)]
    found = steps(calls)
    assert [str(step) for step in found] == ["a (1 of 3)", "b", "a (3 of 3)"]
    assert len(steps([("a", 0)] * 20)) == 3


def test_within_is_before_the_last_thing_that_is_put_on_the_disk() -> None:
    assert Step(0, "a", 1, 2, 3).point("within") == Point("a", 1, "within", 2)
    assert Step(0, "a", 1, 2, 0).point("within") == Point("a", 1, "before")
    assert Step(0, "a", 1, 2, 3).point("before") == Point("a", 1, "before")


@pytest.mark.parametrize(
    ("name", "came"),
    [
        ("promote", struck(BEFORE, MOVED)),
        ("promote", struck(MOVED, MOVED)),
        ("promote", struck(MOVED, MOVED, ends=(1, 2))),  # no challenger is left
        ("promote", struck(MOVED, MOVED, ends=(0,))),
        ("train", struck(BEFORE, replace(MOVED, versions=dict.fromkeys("123"), champion="3"))),
        ("tune", struck(BEFORE, BEFORE)),
    ],
)
def test_the_old_champion_or_the_new_one_is_right(name: str, came: Struck) -> None:
    assert judge(name, came, survived=False) == []


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (struck(BEFORE, BEFORE), "in the end version 1 is champion"),
        (struck(BEFORE, MOVED, ends=(1, 2)), "given again, it ended with status 2"),
        (struck(replace(BEFORE, champion=None), MOVED), "after the fault version None"),
        (struck(BEFORE, replace(MOVED, intents=1)), "left over: 1 intent"),
        (struck(BEFORE, replace(MOVED, runs={"a": "RUNNING"})), "left over: 1 RUNNING"),
        (struck(replace(BEFORE, faults=("twin: gone",)), MOVED), "after the fault: twin: gone"),
        (struck(BEFORE, MOVED, reached=False), "not reached"),
        (replace(struck(BEFORE, MOVED), submission=("torn", "old")), "submission was torn"),
        (replace(struck(BEFORE, MOVED), broken=("a gap",)), "a gap"),
    ],
)
def test_what_a_fault_must_not_leave(came: Struck, told: str) -> None:
    assert any(told in fault for fault in judge("promote", came, survived=False))


def test_a_fault_to_live_through_is_lived_through() -> None:
    came = struck(BEFORE, MOVED)
    assert judge("promote", came, survived=True) == ["the command ended with status 1"]


def test_a_database_s_own_files_are_no_leftovers() -> None:
    ended = replace(MOVED, unfinished=("mlflow.db-wal",))
    assert judge("promote", struck(BEFORE, ended), survived=False) == []


def test_what_could_not_be_taken_away_may_stay() -> None:
    ended = replace(MOVED, unfinished=(".verdict.json.1.tmp",))
    assert judge("promote", struck(BEFORE, ended), survived=False, keeps=True) == []
    assert judge("promote", struck(BEFORE, ended), survived=False)


def move(key: str, before: str | None, after: str, state: MoveState = MoveState.DONE) -> Move:
    return Move("2026-11-23", CHAMPION, before, after, "", "", state, f"move-{key}")


def test_promises_of_a_registry(registry: Registry) -> None:
    client, model = registry.store.client, registry.model

    def record(*moves: Move) -> None:
        for one in moves:
            client.set_registered_model_tag(model, one.key, one.to_tag())

    client.create_registered_model(model)
    run = registry.store.start_run("made", {})
    for _ in range(2):
        client.create_model_version(model, "file:///nowhere", run, tags={"recipe": "{}"})
    assert bench_promises.broken(registry.store, model) == ["there is no champion"]
    client.set_registered_model_alias(model, CHAMPION, "2")
    record(move("1", None, "1"), move("2", "1", "2"))
    assert bench_promises.broken(registry.store, model) == []
    record(move("3", "1", "2"), move("4", "2", "1", MoveState.INTENT))
    client.delete_model_version(model, "1")
    assert bench_promises.broken(registry.store, model) == [
        "a move of champion is open: intent",
        "the move to 2 starts from 1, not from 2",
        "the versions are 2",
    ]


def test_a_watch_strikes_once_and_where_it_was_told(tmp_path: Path) -> None:
    reached: list[str] = []
    done: list[int] = []
    watch = Watch(tmp_path, Point("move", 1, "after"), lambda _: reached.append(str(len(done))))
    for number in range(3):
        watch.watched("move", lambda turn=number: done.append(turn))
    assert reached == ["2"], "after the second"
    assert watch.calls == [("move", 0)] * 3
    assert done == [0, 1, 2]


@pytest.mark.slow
def test_a_struck_command_is_put_right_by_giving_it_again() -> None:
    asked = ["--verbs", "rollback", "--faults", "exception,SIGKILL", "--steps", "alias champion"]
    done = forks.run([sys.executable, "-m", "scripts.chaos.faults", *asked], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 cases are right (100.0 %)" in done.stdout


@pytest.mark.slow
def test_promoters_at_once_lose_nothing() -> None:
    asked = ["--rounds", "1", "--promoters", "4", "--settings", "sqlite"]
    done = forks.run([sys.executable, "-m", "scripts.chaos.promoters", *asked], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| sqlite | 1 | 4 |" in done.stdout
