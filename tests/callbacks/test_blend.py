"""The mean that a multirun ends with: what it begins with, and which jobs are added."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.callbacks._blend import members_of, start_recipes
from spaceship.callbacks._hook import Hook
from spaceship.errors import ConfigError
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.model.recipe import Recipe
from spaceship.task.arrays import Mask
from tests.callbacks.test_hook import composed

STARTS = {
    "model@mode.start=blend": [("catboost", 3), ("lgbm", 1)],
    "model@mode.start=svm": [("svm", 1)],
    "mode.start=null": [],
}


@pytest.mark.parametrize(("start", "recipes"), STARTS.items())
def test_it_starts_from_a_blends_members_or_one_model(
    tmp_path: Path, start: str, recipes: list[tuple[str, int]]
) -> None:
    hook = Hook(composed(tmp_path, "mode=tune", start))
    assert [(one.name, one.bags) for one in start_recipes(hook)] == recipes


REFUSED = {
    "model@mode.start=champion": "found none of encoding, estimator in champion",
    "mode.start=svm": "found 'svm'; name one: model@mode.start=NAME",
    "mode.start.study=last": "found model.study=last; name one: model@mode.start=NAME",
}


@pytest.mark.parametrize(("start", "message"), REFUSED.items())
def test_a_start_that_is_no_model_is_refused(tmp_path: Path, start: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        start_recipes(Hook(composed(tmp_path, "mode=tune", start)))


def write_report(hook: Hook, name: str, recipe: Mapping[str, object], right: Mask | None) -> Report:
    """Write the report of a job that predicts some training rows right, and 0.5 of the others."""
    present = hook.experiment.blank_report
    loss = 0.7 if right is None else 0.7 * float(1 - right.mean())
    report = replace(present, name=name, recipe={**recipe}, metrics={"cv_log_loss": loss})
    if right is not None:
        training, task = hook.experiment.training.rows, hook.experiment.task
        value = np.where(right, task.target(training), 0.5)
        rows = pd.DataFrame({"group": "g", "loss": 0.0, "constant": 0.0, "value": value})
        report = replace(
            report, out_of_fold=OutOfFold(rows.set_index(pd.Index(task.names(training))))
        )
    (hook.sweep_folder / name).mkdir(parents=True)
    report.write(hook.sweep_folder / name)
    return report


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    return Hook(composed(tmp_path, "mode=tune", "mode.blend=2", "data.n_groups=30"))


@pytest.fixture
def half(hook: Hook) -> Mask:
    """Give every second row of the training part."""
    return np.equal(np.arange(len(hook.experiment.training.rows)) % 2, 0)


def members(hook: Hook, best: Report) -> dict[str, int]:
    return {
        f"{one.name} {one.calibration}": one.bags for one in members_of(hook, hook.experiment, best)
    }


def recipes(hook: Hook) -> tuple[Recipe, Recipe]:
    catboost, lgbm = start_recipes(hook)
    return catboost.model_copy(update={"bags": 1}), lgbm


def test_jobs_are_added_to_the_start_with_all_their_fits(hook: Hook, half: Mask) -> None:
    catboost, lgbm = recipes(hook)
    other = lgbm.model_copy(update={"name": "other", "bags": 4, "estimator": {"_target_": "x"}})
    best = write_report(hook, "0", other.to_plain(), half)
    write_report(hook, "1", catboost.to_plain(), ~half & (np.arange(len(half)) % 4 > 1))
    assert members(hook, best) == {"other none": 8, "catboost none": 3}


def test_a_start_counts_once_though_jobs_differ_in_calibration(hook: Hook, half: Mask) -> None:
    catboost, _ = recipes(hook)
    best = write_report(hook, "0", catboost.to_plain(), half)
    calibrated = catboost.model_copy(update={"calibration": "sigmoid"})
    write_report(hook, "1", calibrated.to_plain(), half & False)
    assert members(hook, best) == {"catboost none": 3}


def test_equal_predictions_add_nothing(hook: Hook, half: Mask) -> None:
    _, lgbm = recipes(hook)
    best = write_report(hook, "0", lgbm.to_plain(), half)
    write_report(hook, "1", lgbm.model_copy(update={"name": "same"}).to_plain(), half)
    assert members(hook, best) == {"lgbm none": 1}


def test_jobs_without_predictions_are_left_out(
    hook: Hook, half: Mask, caplog: pytest.LogCaptureFixture
) -> None:
    _, lgbm = recipes(hook)
    old = lgbm.model_copy(update={"name": "old"})
    earlier = write_report(hook, "0", old.to_plain(), None)
    best = write_report(hook, "1", lgbm.to_plain(), half)
    with caplog.at_level(logging.WARNING):
        assert members(hook, best) == {"lgbm none": 1}
        assert members(hook, earlier) == {}
    assert [record.message for record in caplog.records] == [
        "Left out of the mean, as predictions of its rows are missing: 1",
        "No mean is made: an earlier release has scored the best job.",
    ]
