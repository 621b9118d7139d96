"""Comparison with other frameworks: contestants' fits, their ranks, and a run that goes on."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest

from scripts.bench import foreign
from scripts.bench.rivals import NEEDED, Given, plain
from scripts.bench.rivals import Problem as Known
from scripts.bench.table_tasks import labelled_rows
from scripts.bench.tables import TABLES
from spaceship.task.label import Problem
from tests.tasks import PROBLEMS, fields, harvest

GIVEN = argparse.Namespace(contestants=["blend", "flaml"], seconds=60, outer=1, rows=100)


def line(table: str, contestant: str, loss: float, fold: int = 0) -> foreign.Line:
    cost = {"cpu": 2.0, "wall": 3.0, "peak": 100.0}
    known = {"table": table, "contestant": contestant, "seconds": 60, "rows": 100, "fold": fold}
    error = None if loss < math.inf else "out of memory"
    predicted = {"truth": [1, 0], "values": [0.75, 0.25]}
    return {**known, **cost, **predicted, "kind": "binary", "loss": loss, "error": error}


def test_contestants_are_ranked_on_the_tables_that_all_have_learnt() -> None:
    lines = [line("a", "blend", 0.4), line("a", "flaml", 0.5), line("b", "blend", 0.4)]
    lines += [line("c", "blend", 0.4), line("c", "flaml", 0.2)]
    text = foreign.summary(lines, GIVEN)
    assert text.startswith("2 tables, 60 s a fit")
    assert "| blend | 1.50 | 1.50 | - | - | 1 | 1.000 ± 0.000 | 0.2500 | 2 | 3 | 100 | 0 |" in text
    assert "| b |" not in text


def test_a_contestant_that_fails_is_last_and_has_no_part_in_the_mean_loss() -> None:
    tables = ("a", "b", "c")
    lines = [line(one, "blend", 0.4) for one in tables]
    lines += [line(one, "flaml", 0.8 if one != "c" else math.inf) for one in tables]
    text = foreign.summary(lines, GIVEN)
    assert "| flaml | 2.00 | 2.00 | - | - | 0 | 2.000 ± 0.000 | 0.2500 | 2 | 3 | 100 | 1 |" in text
    assert "| c | binary | 0.4000 | failed |" in text


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "new" / "foreign.jsonl"
    assert foreign.read(file) == []
    whole = [line("a", "blend", 0.4), line("a", "flaml", math.inf)]
    text = "".join(json.dumps(one) + "\n" for one in whole)
    file.write_text(text + json.dumps(whole[0])[:20])
    assert foreign.read(file) == whole
    assert file.read_text() == text


@pytest.mark.parametrize("name", ["catboost", "hist_gradient_boosting"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_plain_model_predicts_in_the_form_that_is_scored(
    problem: Problem, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NEEDED["catboost"], "iterations", 40)
    task = fields(problem)
    frame = harvest(task)
    half = len(frame) // 2
    frame[:half].to_csv(tmp_path / "learn.csv", index=False)
    frame[half:].drop(columns=task.label).to_csv(tmp_path / "predict.csv", index=False)
    y, apart = task.target(frame), [one for one in (task.id,) if one]
    known = Known(problem, y[:half].tolist(), task.label, apart, [], max(2, len(task.classes)))
    known.write(tmp_path)
    kept = Known(**json.loads((tmp_path / "known.json").read_text()))
    values = plain(Given(tmp_path, 10, 1, kept), name)
    constant = {
        Problem.BINARY: np.full(half, y[:half].mean()),
        Problem.MULTICLASS: np.full((half, len(task.classes)), 1 / max(1, len(task.classes))),
        Problem.REGRESSION: np.full(half, y[:half].mean()),
    }[problem]
    truth = y[half:].tolist()
    assert foreign.loss(truth, values, problem) < foreign.loss(
        truth, constant[: len(truth)], problem
    )


def test_rows_are_drawn_by_whole_groups_and_have_labels() -> None:
    by_name = {one.name: one for one in TABLES}
    few = labelled_rows(by_name["Catsup"], 500)
    every = labelled_rows(by_name["Catsup"], 10**6)
    assert 0 < len(few) <= 500
    assert len(few) == every["id"].isin(few["id"]).sum()
    assert not labelled_rows(by_name["Chile"], 10**6)["vote"].isna().any()
