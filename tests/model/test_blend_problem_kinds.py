"""Blends of several classes and of numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import Pipeline

from spaceship.evaluation.cross_validation import predict
from spaceship.evaluation.metrics import score
from spaceship.features.raw import RawFeatures
from spaceship.model.blend import Blend
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_blend, build_pipeline
from spaceship.registry import packaging
from spaceship.task.label import Problem
from tests.model.problem_kinds import OTHERS, TREES, rows


def members(problem: Problem) -> list[Any]:
    if problem is Problem.REGRESSION:
        return [LGBMRegressor(**TREES), RandomForestRegressor(20, random_state=0)]
    return [LGBMClassifier(**TREES), RandomForestClassifier(20, random_state=0)]


def guess(problem: Problem) -> Any:
    if problem is Problem.REGRESSION:
        return DummyRegressor()
    return DummyClassifier(strategy="stratified", random_state=0)


def blend(problem: Problem, *estimators: Any, **settings: Any) -> Blend:
    task = rows(problem)[0]
    steps = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, None)[:-1]
    parts = [("raw", steps, estimator) for estimator in estimators]
    return build_blend(parts, task=task.to_plain(), n_folds=3, **settings)


@pytest.mark.parametrize("problem", OTHERS)
@pytest.mark.parametrize("method", ["stack", "greedy"])
def test_a_member_that_guesses_gets_next_to_no_weight(problem: Problem, method: str) -> None:
    _, frame, target = rows(problem)
    fitted = blend(problem, members(problem)[0], guess(problem), method=method).fit(frame, target)
    good, bad = fitted.weights_
    assert good > 0.3
    assert 0 <= bad < 0.15 * good


@pytest.mark.parametrize("problem", OTHERS)
@pytest.mark.parametrize("method", ["stack", "greedy"])
def test_a_blend_is_no_worse_than_its_worst_member_and_rows_are_independent(
    problem: Problem, method: str
) -> None:
    task, frame, target = rows(problem)
    learn, ask = frame.iloc[:240], frame.iloc[240:]
    loss = "log_loss" if task.is_classification else "rmse"

    def loss_of(model: Blend) -> float:
        values = predict(model.fit(learn, target[:240]), ask, task)
        return score(target[240:], values, problem=problem)[loss]

    both = blend(problem, *members(problem), method=method)
    assert loss_of(both) < max(loss_of(blend(problem, one)) for one in members(problem))
    whole = predict(both, ask, task)
    alone = [predict(both, ask.iloc[[row]], task)[0] for row in range(10)]
    np.testing.assert_array_equal(np.array(alone), whole[:10])
    if problem is Problem.MULTICLASS:
        assert whole.sum(axis=1) == pytest.approx(1)
        assert (both.predict(ask) == whole.argmax(axis=1)).all()
    else:
        assert (both.predict(ask) == whole).all()


@pytest.mark.parametrize("problem", OTHERS)
def test_a_stored_blend_predicts_the_same(problem: Problem, tmp_path: Path) -> None:
    task, frame, target = rows(problem)
    fitted = Pipeline([("candidate", blend(problem, *members(problem)))]).fit(frame, target)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert (predict(loaded, frame, task) == predict(fitted, frame, task)).all()
