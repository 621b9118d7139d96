"""Chaos scripts: the moments of faults, the judgement of outcomes, and a few whole cases."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.bench.measure import Measured, composed
from scripts.chaos import first_runs, sweep_kills
from scripts.chaos.commands import (
    CLEANED,
    COMMANDS,
    SMALL,
    STATES,
    Outcome,
    clean_faults,
    judge,
)
from scripts.chaos.faults import Case, drawn, overview, summary
from scripts.chaos.moments import Moment, Write, chosen_writes
from scripts.chaos.state import MODEL, NOTHING, State, broken_invariants
from scripts.chaos.writes import Watch
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.store import Store
from tests import forks
from tests.commands import ROOT
from tests.forks import Fork

BEFORE = replace(NOTHING, versions={"1": "a", "2": "b"}, champion="1")
MOVED = replace(BEFORE, champion="2")
THIRD = replace(MOVED, versions=dict.fromkeys("123", "a"), champion="3")
FIRST = replace(NOTHING, versions={"1": "a"}, champion="1")


FAULTS_FROM_CHAMPIONS = """
import sys
from scripts.chaos import commands, faults
line = ("mode=train", "model=logistic_regression", "gate.force=true", "reason=made")
commands.STATES.clear()
commands.STATES["history"] = ((*line, "model.estimator.C=1e-9"), line, line)
sys.exit(faults.main(sys.argv[1:]))
"""
"""The crash matrix with one state to start from: the others cost most of its time."""


def outcome(
    after: State, end: State, *, statuses: Sequence[int] = (1, 0), before: State = BEFORE
) -> Outcome:
    return Outcome((*statuses,), before, after, end, ("old", "old"), True, ())


def test_first_and_last_writes_of_a_name_are_tried_and_one_in_the_middle_of_many() -> None:
    calls = [("a", 0), ("b", 2), ("a", 3), ("a", 1)]
    assert [str(write) for write in chosen_writes(calls)] == ["a (1 of 3)", "b", "a (3 of 3)"]
    assert len(chosen_writes([("a", 0)] * 20)) == 3


def test_within_is_before_the_last_thing_that_is_put_on_the_disk() -> None:
    assert Write(0, "a", 1, 2, 3).moment("within") == Moment("a", 1, "within", 2)
    assert Write(0, "a", 1, 2, 0).moment("within") == Moment("a", 1, "before")
    assert Write(0, "a", 1, 2, 3).moment("before") == Moment("a", 1, "before")


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("promote", outcome(BEFORE, MOVED)),
        ("promote", outcome(MOVED, MOVED)),
        ("promote", outcome(MOVED, MOVED, statuses=(1, 2))),  # no challenger is left
        ("promote", outcome(MOVED, MOVED, statuses=(0,))),
        ("train", outcome(BEFORE, THIRD)),
        ("tune", outcome(BEFORE, BEFORE)),
        ("first", outcome(NOTHING, FIRST, before=NOTHING)),
        ("first", outcome(FIRST, FIRST, before=NOTHING)),
    ],
)
def test_the_old_champion_or_the_new_one_is_right(name: str, result: Outcome) -> None:
    assert judge(name, result, survived=False) == []


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (outcome(BEFORE, BEFORE), "in the end version 1 is champion"),
        (outcome(BEFORE, MOVED, statuses=(1, 2)), "given again, it ended with status [2]"),
        (outcome(replace(BEFORE, champion=None), MOVED), "after the fault version None"),
        (outcome(BEFORE, replace(MOVED, intents=1)), "left over: 1 intent"),
        (outcome(BEFORE, replace(MOVED, pending=2)), "left over: 2 PENDING"),
        (outcome(BEFORE, replace(MOVED, runs={"a": "RUNNING"})), "left over: 1 RUNNING"),
        (outcome(replace(BEFORE, faults=("twin: gone",)), MOVED), "after the fault: twin: gone"),
        (replace(outcome(BEFORE, MOVED), reached=False), "not reached"),
        (replace(outcome(BEFORE, MOVED), submissions=("torn", "old")), "submission was torn"),
        (replace(outcome(BEFORE, MOVED), broken=("a gap",)), "a gap"),
    ],
)
def test_a_fault_must_not_leave(result: Outcome, message: str) -> None:
    assert any(message in fault for fault in judge("promote", result, survived=False))


def case(command: str, fault: str, turn: int) -> Case:
    return Case(command, Write(turn, "put", turn, 4, 0), fault, Moment("put", turn, "before"))


def test_each_command_meets_each_fault_before_one_meets_it_twice() -> None:
    cases = [case(name, fault, turn) for name in "ab" for fault in "xy" for turn in range(4)]
    order = drawn([*cases, case("c", "x", 0)], seed=1)
    assert {one.command + one.fault for one in order[:5]} == {"ax", "ay", "bx", "by", "cx"}
    assert order == drawn([*cases, case("c", "x", 0)], seed=1) != drawn(cases, seed=2)
    results = dict.fromkeys(order[:5], "") | {order[5]: "torn"}
    assert overview(order, results) == [
        ["`a`", "1 of 2 (of 4)", "1 of 1 (of 4)"],
        ["`b`", "1 of 1 (of 4)", "1 of 1 (of 4)"],
        ["`c`", "1 of 1", "-"],
    ]
    assert summary(results, 17, 60).startswith("5 of 6 cases are right (83.3 %)")


@pytest.mark.parametrize(
    ("broken", "left"),
    [([CLEANED], []), ([CLEANED, "a lock"], ["a lock"]), ([], ["version 1 is still there"])],
)
def test_cleaning_leaves_the_one_gap_that_it_is_to_make(
    store: Store, broken: list[str], left: list[str]
) -> None:
    assert clean_faults(store, Path(str(store.artifacts)).parent, broken) == left


def test_a_fault_to_survive_must_not_end_the_command() -> None:
    wrong = judge("promote", outcome(BEFORE, MOVED), survived=True)
    assert wrong == ["the command ended with status 1"]


def test_a_database_s_own_files_may_stay_and_others_only_if_nothing_could_be_removed() -> None:
    sqlite, other = (replace(MOVED, unfinished=(n,)) for n in ("mlflow.db-wal", ".verdict.tmp"))
    assert judge("promote", outcome(BEFORE, sqlite), survived=False) == []
    assert judge("promote", outcome(BEFORE, other), survived=False, keeps=True) == []
    assert judge("promote", outcome(BEFORE, other), survived=False)


def test_invariants_of_a_registry(registry: Registry) -> None:
    client = registry.store.client

    def record(number: int, before: str | None, after: str, state: MoveState) -> None:
        move = Move("2026-11-23", CHAMPION, before, after, "", "", state, f"move-{number}")
        client.set_registered_model_tag(MODEL, move.key, move.to_tag())

    client.create_registered_model(MODEL)
    run = registry.store.start_run("made", {})
    for _ in range(2):
        client.create_model_version(MODEL, "file:///nowhere", run, tags={"recipe": "{}"})
    assert broken_invariants(registry.store) == ["there is no champion"]
    client.set_registered_model_alias(MODEL, CHAMPION, "2")
    record(1, None, "1", MoveState.DONE)
    record(2, "1", "2", MoveState.DONE)
    assert broken_invariants(registry.store) == []
    record(3, "1", "2", MoveState.DONE)
    record(4, "2", "1", MoveState.INTENT)
    client.delete_model_version(MODEL, "1")
    assert broken_invariants(registry.store) == [
        "a move of champion is open: intent",
        "the move to 2 starts from 1, not from 2",
        "the versions are 2",
    ]


def test_a_fault_is_injected_once_and_at_its_moment(tmp_path: Path) -> None:
    injected: list[int] = []
    done: list[str] = []
    watch = Watch(tmp_path, Moment("move", 1, "after"), lambda _: injected.append(len(done)))
    for _ in range(3):
        watch.watched("move", lambda: done.append("move"))
    assert injected == [2]
    assert watch.calls == [("move", 0)] * 3
    assert len(done) == 3


def test_first_runs_need_one_champion() -> None:
    state = replace(NOTHING, runs=dict.fromkeys("abcd", "FINISHED"), champion="1")
    awards = Counter(champion=1, refused=3)
    assert first_runs.judge([0] * 4, awards, state) == []
    assert first_runs.judge([0, 0, 1, 0], awards, state)
    assert first_runs.judge([0] * 4, Counter(champion=2, refused=2), state)
    assert first_runs.judge([0] * 4, awards, replace(state, champion=None))
    assert first_runs.judge([0] * 4, awards, replace(state, runs={"a": "FINISHED"}))


@pytest.mark.slow
def test_a_command_is_put_right_by_its_repetition() -> None:
    chosen = ["--commands", "rollback", "--faults", "SIGKILL", "--writes", "alias champion"]
    done = forks.run([sys.executable, "-c", FAULTS_FROM_CHAMPIONS, *chosen], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 cases are right (100.0 %)" in done.stdout


@pytest.mark.slow
def test_states_and_commands_of_the_crash_matrix_compose() -> None:
    made = [line for lines in STATES.values() for line in lines]
    lines = {*made, *(command.arguments for command in COMMANDS.values())}
    for line in sorted(lines):
        own = [part for part in line if not part.startswith("hydra.")]  # for a sweep's config
        small = () if "mode=init" in line else SMALL
        assert f"mode={composed(*small, *own).mode._target_.rpartition('.')[2]}" in line


@pytest.mark.slow
def test_promoters_at_once_lose_nothing() -> None:
    chosen = ["--rounds", "1", "--promoters", "4", "--settings", "sqlite"]
    done = forks.run([sys.executable, "-m", "scripts.chaos.promoters", *chosen], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| sqlite | 1 | 4 |" in done.stdout


def launched(command: Sequence[str], output: int) -> Fork:
    """Start a command in a fork, its output thrown away."""
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        assert output == subprocess.DEVNULL
        return Fork(command, files=(nothing.fileno(), nothing.fileno()))


def measured(command: Sequence[str]) -> Measured:
    """Run a command in a fork to its end; its memory does not matter here."""
    start = time.perf_counter()
    done = forks.run(command)
    wall = time.perf_counter() - start
    return Measured(wall, 0, 0, done.returncode, done.stdout + done.stderr)


@pytest.mark.slow
def test_a_killed_sweep_is_resumed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_kills, "launch", launched)
    monkeypatch.setattr(sweep_kills, "measure", measured)
    status = sweep_kills.main(["--rounds", "1", "--trials", "6", "--seed", "3"])
    output = capsys.readouterr().out
    assert status == 0, output
    assert output.count("| ok |") == 1
