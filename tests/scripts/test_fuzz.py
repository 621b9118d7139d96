"""Fuzzer: the same cases from the same seed, and the judgement of their ends."""

import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.bench.measure import ROOT, composed
from scripts.fuzz import data, lines
from scripts.fuzz.case import Case, Ended, output_faults, state_faults
from scripts.fuzz.damages import DAMAGES
from scripts.fuzz.mutated_tables import Folder, Table, group_of, written
from scripts.fuzz.nasty import Nasty, nasty
from scripts.fuzz.smaller import smallest
from scripts.fuzz.tables import quoted
from spaceship.tracking.store import Store
from tests import forks

STATE: dict[str, Any] = {"aliases": [("m", "champion", 1)], "submission": "x", "running": 0}
LINE = Case("line-1", "line", "", ("mode=pp",), {})
PREDICTED = "PassengerId,Transported\n0001_01,True\n0001_02,False\n"


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return data.cut(None)


def ended(status: int, output: str = "", errors: str = "") -> Ended:
    return Ended(status, output, errors, 0.1)


def test_the_passengers_that_are_mutated_are_whole_groups(
    tables: dict[str, Table],
) -> None:
    groups = {group_of(row[0]) for row in tables["train.csv"][1:]}
    assert len(groups) == data.GROUPS["train.csv"]
    assert len(tables["sample_submission.csv"]) == len(tables["test.csv"])


@pytest.mark.parametrize("kind", data.KINDS)
def test_every_kind_changes_the_folder(kind: str, tables: dict[str, Table]) -> None:
    before = {name: written(table) for name, table in tables.items()}
    for seed in range(10):
        files: Folder = {**before}
        data.KINDS[kind](random.Random(seed), files)  # noqa: S311 - nothing secret
        if files != before:
            return
    pytest.fail(f"ten mutations of the kind {kind} changed nothing")


@pytest.mark.parametrize("kind", ["bytes", "cells", "columns", "rows"])
def test_a_folder_that_is_damaged_already_can_be_damaged_again(kind: str) -> None:
    ragged = b"PassengerId,VIP,Transported\n\n0001_01\n0001_02,True,False\n"
    for seed in range(80):
        files: Folder = dict.fromkeys(data.GROUPS, ragged)
        assert data.KINDS[kind](random.Random(seed), files)  # noqa: S311 - nothing secret


def test_cases_are_the_same_for_the_same_seed(tables: dict[str, Table], tmp_path: Path) -> None:
    known = lines.Known([composed(*one) for one in lines.CONFIGS], tmp_path)

    def cases(seed: int) -> list[Case]:
        folders = [data.case(number, seed, tables, tmp_path / "data") for number in range(16)]
        return folders + [lines.case(number, seed, known, {}) for number in range(24)]

    notes = {seed: [(case.note, case.arguments) for case in cases(seed)] for seed in (1, 2)}
    assert notes[1] == [(case.note, case.arguments) for case in cases(1)]
    assert len(set(notes[1]) - set(notes[2])) > 30
    place = f"paths.outputs={tmp_path}/outputs"
    assert all(place in arguments for _, arguments in notes[1])


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (ended(0), None),
        (ended(143), None),
        (ended(2, "", "error: expected a, found b; do c\n"), None),
        (ended(2, "", "usage: run.py\nrun.py: error: no such flag\n"), None),
        (ended(2, "", "error: a\nerror: b\n"), "2 messages"),
        (ended(2), "0 messages"),
        (ended(1), "exit status 1"),
        (ended(3), "exit status 3"),
        (ended(-11), "exit status -11"),
        (ended(0, "Traceback (most recent call last):"), "a traceback on stdout"),
    ],
)
def test_status_and_output_are_judged(end: Ended, fault: str | None) -> None:
    faults = list(output_faults(LINE, end))
    assert (faults == []) == (fault is None)
    assert fault is None or faults[0].startswith(fault)


@pytest.mark.parametrize(
    ("errors", "noise"),
    [
        ("", ""),
        ("error: a\n", ""),
        ("Loading the libraries …\n  Folds 1/5 \nerror: a\n", ""),
        ("[LightGBM] [Fatal] b\n\nerror: a\n", "[Light"),
        ("x.py:1: UserWarning: c\n", "x.py"),
    ],
)
def test_lines_of_libraries_are_noted(errors: str, noise: str) -> None:
    assert ended(2, "", errors).noise.startswith(noise)
    assert bool(ended(2, "", errors).noise) == bool(noise)


@pytest.mark.parametrize(
    ("end", "after", "fault"),
    [
        (ended(0), {}, None),
        (ended(0), {"running": 1}, "1 runs stand as RUNNING"),
        (ended(0), {"aliases": []}, "aliases moved"),
        (ended(2, "Verdict: champion"), {"aliases": []}, "aliases moved"),
        (ended(0, "Verdict: champion"), {"aliases": []}, None),
        (ended(0, "2 predictions"), {"submission": PREDICTED}, None),
        (ended(0, "3 predictions"), {"submission": PREDICTED}, "submission.csv is not whole"),
        (ended(0, "2 predictions"), {"submission": PREDICTED[:-1]}, "submission.csv is not whole"),
        (ended(2, "2 predictions"), {"submission": PREDICTED}, "submission.csv changed"),
        (ended(2), {"submission": None}, "submission.csv changed"),
    ],
)
def test_state_is_judged(end: Ended, after: dict[str, Any], fault: str | None) -> None:
    faults = list(state_faults(end, STATE, STATE | after))
    assert (faults == []) == (fault is None)
    assert fault is None or faults[0].startswith(fault)


@pytest.mark.slow
def test_a_few_cases_end_as_promised() -> None:
    command = [sys.executable, "-m", "scripts.fuzz.main"]
    done = forks.run([*command, "--data-cases", "4", "--line-cases", "8"], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| all | " in done.stdout


def test_nasty_tables_are_the_same_for_the_same_seed_and_differ_between_seeds() -> None:
    drawn = [[nasty(random.Random(f"{seed} {n}")) for n in range(40)] for seed in (1, 1, 2)]  # noqa: S311
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({one.form for one in drawn[0]}) > 5
    assert all(len(row) == len(one.train[0]) for one in drawn[0] for row in one.train)
    assert all(one.files() for one in drawn[0])


def test_the_smallest_table_keeps_the_fault_and_the_columns_of_the_task() -> None:
    rows = [[str(n), "bad" if n == 7 else "fine", "x", "y"] for n in range(20)]
    drawn = Nasty("", [["id", "cause", "noise", "label"], *rows], None, roles={"label": "label"})
    small = smallest(drawn, lambda one: any("bad" in row for row in one.train))
    assert small.train == [["cause", "label"], ["bad", "y"]]


def test_names_reach_the_command_as_they_are() -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    for name in ("it's", 'a "b"', "a,b", "", "\\", "a=b", "[0]", "null", "é 🚀", "#", "a\nb"):
        [override] = OverridesParser.create().parse_overrides([f"task.label={quoted(name)}"])
        assert override.value() == name


@pytest.mark.slow
def test_damaged_stores_end_with_one_message() -> None:
    program = "from scripts.fuzz.stores import main; raise SystemExit(main(['--n', '8']))"
    done = forks.run([sys.executable, "-c", program], ROOT, 300)
    assert done.returncode == 0, done.stdout
    assert "8 damaged folders" in done.stdout


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damage_is_the_same_for_the_same_seed(kind: str, store: Store, tmp_path: Path) -> None:
    outputs = Path(str(store.artifacts)).parent
    store.client.log_text(store.start_run("a run", {"note": "text"}), "text", "a.txt")
    for name in ("studies/s.journal", "locks/m.lock"):
        (outputs / name).parent.mkdir()
        (outputs / name).write_text("{}\n" * 20)
    notes = []
    for copy in ("one", "two"):
        shutil.copytree(outputs, tmp_path / copy)
        notes.append(DAMAGES[kind](random.Random(3), tmp_path / copy))  # noqa: S311
    assert notes[0] == notes[1]
