"""Figures of every kind of problem: folds, hold-outs and the floor that a dummy sets."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

from spaceship.evaluation.cross_validation import cross_validate, predict, summarise
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import decide, metric_names
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.slices import score_slices
from spaceship.evaluation.twins import TrainingPart, fit_twin, holdout_metrics, measure, repeats
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.labelled import labelled
from spaceship.model.pipeline import build_pipeline
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.reports import labels_of
from tests.tasks import ODD, PROBLEMS, fields, harvest

PROTOCOL = Protocol(holdout_fraction=0.3, salt="pepper", n_folds=3, seed=1)
BLANK = Report("candidate", "local", "digest")


def linear(task: Task) -> Any:
    kind = LogisticRegression() if task.is_classification else LinearRegression()
    return build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, kind)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_cross_validation_scores_every_row_once(problem: Problem) -> None:
    task = fields(problem)
    frame = harvest(task)
    folds = PROTOCOL.folds(frame, task)
    result = cross_validate(linear(task), frame, task, folds)
    target = task.target(frame)
    assert not np.isnan(result.values).any()
    assert result.predictions.dtype == target.dtype
    assert (result.predictions == decide(result.values, problem)).all()
    summary = summarise(result.folds, problem)
    assert {*summary} == {
        f"cv_{name}{end}" for name in metric_names(problem) for end in ("", "_std")
    }
    train, test = folds[0]
    alone = linear(task).fit(frame.iloc[train], target[train])
    assert (predict(alone, frame.iloc[test], task) == result.values[test]).all()


def test_a_class_that_a_fold_has_not_learnt_is_impossible_there() -> None:
    task = fields(Problem.MULTICLASS)
    frame = harvest(task)
    target = task.target(frame)
    train, test = np.flatnonzero(target != 1), np.flatnonzero(target == 1)
    result = cross_validate(linear(task), frame, task, [(train, test)])
    found = result.values[test]
    assert found.shape == (len(test), 3)
    assert (found[:, 1] == 0).all()
    assert found.sum(axis=1) == pytest.approx(1)
    assert result.folds[0]["accuracy"] == 0
    assert np.isfinite(result.folds[0]["log_loss"])
    assert np.isnan(result.values[train]).all(), "rows of no fold"


def test_a_model_that_knows_other_classes_is_asked_by_their_names() -> None:
    """A champion was fitted before a class arrived: its numbers of classes are others."""
    now = fields(Problem.MULTICLASS, classes=["new", *ODD])
    then = fields(Problem.MULTICLASS)
    frame = harvest(then)
    fitted = linear(then).fit(frame, then.target(frame))
    known = predict(fitted, frame, then)
    found = predict(labelled(fitted, then), frame, now)
    assert (found[:, 0] == 0).all()
    assert (found[:, 1:] == known).all()


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("grouped", [True, False])
def test_a_holdout_comes_back_from_its_file(
    tmp_path: Path, problem: Problem, *, grouped: bool
) -> None:
    task = fields(problem, grouped=grouped)
    _, holdout = fit_twin(linear(task), harvest(task), task, PROTOCOL)
    assert {*holdout.group_names} <= {*task.group_names(harvest(task))}
    assert holdout.problem is problem
    path = tmp_path / "holdout.csv"
    path.write_text(holdout.to_csv(), encoding="utf-8")
    back = HoldOut.read_csv(path, labels_of(holdout))
    assert back == holdout
    assert back.to_csv() == holdout.to_csv()
    assert back.target.tolist() == holdout.target.tolist()
    assert (back.ids.name, back.label, back.classes) == ("field", task.label, holdout.classes)
    assert back.losses.equals(holdout.losses)
    assert back.group_names.tolist() == holdout.group_names.tolist()
    assert {*back.slices} == {"soil"}


ODD_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(classes=st.lists(ODD_TEXT, min_size=3, max_size=4, unique=True))
def test_classes_of_any_name_come_back(
    tmp_path_factory: pytest.TempPathFactory, classes: list[str]
) -> None:
    n = len(classes)
    more: Any = {"label": "kind", "classes": tuple(classes), "groups": np.array(["g"] * n)}
    slices = {"of": ["a"] * n}
    holdout = HoldOut.of(map(str, range(n)), np.arange(n), np.eye(n), slices=slices, **more)
    path = tmp_path_factory.mktemp("odd") / "holdout.csv"
    path.write_text(holdout.to_csv(), encoding="utf-8", newline="")
    back = HoldOut.read_csv(path, labels_of(holdout))
    assert back == holdout
    assert back.classes == tuple(classes)
    assert back.accuracy == 1


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_slice_named_like_a_column_of_predictions_stays_a_slice(
    tmp_path: Path, problem: Problem
) -> None:
    values: Any = {Problem.MULTICLASS: np.eye(3), Problem.BINARY: [0.1, 0.2, 0.7]}
    target = {Problem.BINARY: np.array([True, False, True]), Problem.MULTICLASS: np.arange(3)}
    more: Any = {"classes": ODD} if problem is Problem.MULTICLASS else {}
    holdout = HoldOut.of(
        ["a", "b", "c"],
        target.get(problem, np.arange(3.0)),
        values.get(problem, [0.0, 1.5, 2.0]),
        slices={"of": ["x"] * 3, "probability_high": ["y"] * 3},
        **more,
    )
    (tmp_path / "holdout.csv").write_text(holdout.to_csv(), encoding="utf-8")
    assert HoldOut.read_csv(tmp_path / "holdout.csv", labels_of(holdout)) == holdout


@pytest.mark.parametrize("problem", PROBLEMS)
def test_reports_of_every_kind_come_back(tmp_path: Path, problem: Problem) -> None:
    task = fields(problem)
    frame = harvest(task)
    report = measure(linear(task), TrainingPart.of(frame, task, PROTOCOL), BLANK)
    _, holdout = fit_twin(linear(task), frame, task, PROTOCOL)
    whole = Report(
        "candidate",
        "local",
        "digest",
        metrics=report.metrics | holdout_metrics(holdout),
        folds=report.folds,
        slices=report.slices,
        repeats=repeats(linear(task), frame, task, PROTOCOL, [1, 2]),
        holdout=holdout,
        task=task.to_plain(),
    )
    whole.write(tmp_path)
    back = Report.read(tmp_path, labels_of(holdout))
    assert back.holdout == holdout
    assert back.metrics == whole.metrics
    assert back.repeats["1"] == {m: report.metrics[f"cv_{m}"] for m in metric_names(problem)}
    score_of = "rmse" if problem is Problem.REGRESSION else "accuracy"
    assert holdout.metric == score_of
    assert float(holdout.score) == pytest.approx(whole.metrics[f"holdout_{score_of}"])


def test_slices_of_numbers_have_an_rmse_and_no_accuracy() -> None:
    task = fields(Problem.REGRESSION)
    frame = harvest(task)
    values = task.target(frame) + np.where(frame["soil"] == "clay", 2.0, 1.0)
    rows = {one.value: one for one in score_slices(task, frame, values, values)}
    assert {name: one.rmse for name, one in rows.items()} == pytest.approx(
        {"clay": 2.0, "missing": 1.0, "sand": 1.0}
    )
    assert math.isnan(rows["clay"].accuracy)
    assert sum(one.n for one in rows.values()) == len(frame)


def test_the_best_constant_of_classes_is_the_commonest() -> None:
    truth = np.array([0] * 60 + [1] * 25 + [2] * 15)
    held = HoldOut.of(map(str, range(100)), truth, np.full((100, 3), 1 / 3), classes=ODD)
    assert held.constant == pytest.approx((0.6, math.sqrt(0.6 * 0.4 / 100)))


def test_the_best_constant_of_numbers_is_the_mean() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=4000)
    held = HoldOut.of(map(str, range(4000)), truth, np.zeros(4000))
    error = math.sqrt(2 / 4000) / 2  # of the root of a mean square of normal numbers
    assert held.constant == pytest.approx((truth.std(), error), abs=0.002)


def test_rows_of_one_group_count_as_one_draw_in_the_error() -> None:
    truth = np.repeat(np.arange(25) % 5 < 3, 4)
    ids = pd.Index(map(str, range(100)))
    errors = [
        HoldOut.of(ids, truth, np.full(100, 0.5), groups=groups).constant[1]
        for groups in (None, np.repeat(np.arange(25), 4))
    ]
    assert errors[1] == pytest.approx(2 * errors[0])
