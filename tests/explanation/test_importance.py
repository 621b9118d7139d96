"""Permutation importance of raw columns: groups stay whole, names of groups count, ignored ones."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from spaceship.evaluation.cross_validation import predict
from spaceship.evaluation.metrics import THRESHOLD, score
from spaceship.explanation.importance import _by_group, importances
from spaceship.features.raw import RawFeatures
from spaceship.features.table import TableFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.task.label import Problem
from tests.tasks import PROBLEMS, fields, harvest

TREES: dict[str, Any] = {"n_estimators": 20, "verbose": -1, "n_jobs": 1}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_decides_the_label_comes_first(problem: Problem) -> None:
    task = fields(problem)
    frame = harvest(task, 300)
    kind = LinearRegression if problem is Problem.REGRESSION else LogisticRegression
    model = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, kind())
    fitted = model.fit(frame, task.target(frame))
    before = frame.copy()
    found = importances(fitted, frame, task)
    assert [one.column for one in found][:3] == ["rain", "sun", "soil"]
    assert {one.column for one in found} == {*task.model_columns}
    by_name = {one.column: one for one in found}
    assert by_name["farm"].loss == by_name["farm"].error == 0, "no feature is made of the farm"
    assert 0 < by_name["rain"].error < by_name["rain"].loss
    assert frame.equals(before)
    assert found == importances(fitted, frame, task)
    assert found != importances(fitted, frame, task, seed=1)


def test_the_rise_is_that_of_the_loss_with_strangers_values() -> None:
    task = fields(Problem.REGRESSION, grouped=False)
    frame = harvest(task, 200)
    model = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, LinearRegression())
    fitted, target = model.fit(frame, task.target(frame)), task.target(frame)
    [rain] = [one for one in importances(fitted, frame, task, repeats=40) if one.column == "rain"]

    def loss(values: Any, rows: Any) -> float:
        return score(target[rows], values[rows], THRESHOLD, task.problem)["rmse"]

    rng, before, predicted = np.random.default_rng(0), predict(fitted, frame, task), []
    for seed in range(40):
        dealt = frame["rain"].sample(frac=1, random_state=seed).set_axis(frame.index)
        predicted.append(predict(fitted, frame.assign(rain=dealt), task))

    def rise(rows: Any) -> float:
        return float(np.mean([loss(values, rows) for values in predicted])) - loss(before, rows)

    spread = np.std([rise(rng.integers(0, 200, 200)) for _ in range(200)])  # by the bootstrap
    assert rain.loss == pytest.approx(rise(np.arange(200)), abs=rain.error)
    assert rain.error == pytest.approx(spread, rel=0.3)


def test_what_a_group_of_a_lone_size_has_in_common_counts() -> None:
    task = fields(Problem.REGRESSION)
    frame = harvest(task, 440)
    farms = np.minimum(np.arange(440), 40)
    frame["farm"] = [f"farm {farm}" for farm in farms]
    of_farm = np.random.default_rng(0).normal(size=41)
    frame["rain"] = of_farm[farms]
    frame["tons"] = frame["rain"]
    model = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, LinearRegression())
    first, second, *_ = importances(model.fit(frame, task.target(frame)), frame, task)
    assert first.column == "rain"
    strangers = float(np.sqrt(np.mean((of_farm[:40] - of_farm[40]) ** 2)))
    assert first.loss == pytest.approx(strangers, rel=0.1)
    assert second.loss < 1e-6


def test_the_name_of_the_group_counts_for_what_its_other_rows_tell() -> None:
    task = fields(Problem.REGRESSION)
    rng = np.random.default_rng(0)
    frame = harvest(task, 300)
    farms = np.repeat(np.arange(150), rng.permutation(np.tile([1, 3], 75)))
    frame["farm"] = [f"farm {farm}" for farm in farms]
    frame["tons"] = np.bincount(farms)[farms] + rng.normal(scale=0.1, size=300)
    model = build_pipeline(TableFeatures(task.to_plain()), Encoding.NATIVE, LGBMRegressor(**TREES))
    found = importances(model.fit(frame, task.target(frame)), frame, task)
    assert found[0].column == "farm"
    assert found[0].loss > 0.5
    assert found[1].loss < 0.1


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(0, 99))
def test_groups_of_a_size_hand_on_their_values_whole(names: list[int], seed: int) -> None:
    groups = np.unique(names, return_inverse=True)[1]
    source = _by_group(groups, np.random.default_rng(seed))
    sizes = np.bincount(groups)
    for group, size in enumerate(sizes):
        givers = groups[source[groups == group]]
        if (sizes == size).sum() > 1:
            assert len({*givers}) == 1
            assert givers[0] != group
            assert sizes[givers[0]] == size
        elif len(sizes) > 1:
            assert group not in givers
