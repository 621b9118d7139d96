"""Contributions in raw columns: sums, known values, groups, every model and kind of problem."""

from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.evaluation.cross_validation import predict
from spaceship.explanation import _copies
from spaceship.explanation.contributions import contributions
from spaceship.features.table import TableFeatures
from spaceship.model.catboost import CategoryCatBoost, CategoryCatBoostRegressor
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import Calibration, with_inner_choices
from spaceship.model.pipeline import build_blend, build_pipeline
from spaceship.task.calls import in_calls
from spaceship.task.label import Problem
from spaceship.task.spaceship_titanic.features._blocks import BLOCKS
from spaceship.task.spaceship_titanic.features.full import FullFeatures
from spaceship.task.task import Task
from tests.tasks import PROBLEMS, fields, harvest

TREES: dict[str, Any] = {"verbose": -1, "n_jobs": 1, "num_leaves": 8}
CAT: dict[str, Any] = {"thread_count": 1, "allow_writing_files": False, "verbose": False}
SETTINGS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lgbm": (LGBMClassifier, LGBMRegressor, {"n_estimators": 20, **TREES}),
    "catboost": (CategoryCatBoost, CategoryCatBoostRegressor, {"iterations": 20, **CAT}),
    "hgb": (HistGradientBoostingClassifier, HistGradientBoostingRegressor, {"max_iter": 20}),
}


def unlabelled(people: Dataset) -> pd.DataFrame:
    """Return the passengers without a label."""
    assert people.test is not None
    return people.test


def estimator(name: str, problem: Problem) -> Any:
    classes, numbers, settings = SETTINGS[name]
    return (numbers if problem is Problem.REGRESSION else classes)(**settings)


def candidate(name: str, task: Task) -> Any:
    """Return an unfitted pipeline, a blend of the boosters among them, features by group too."""
    features = TableFeatures(task.to_plain())
    if name != "blend":
        return build_pipeline(features, Encoding.NATIVE, estimator(name, task.problem))
    steps = build_pipeline(features, Encoding.NATIVE, None)[:-1]
    members = [("table", steps, estimator(one, task.problem)) for one in ("lgbm", "catboost")]
    return build_blend(members, task=task.to_plain(), n_folds=2, method="stack")


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", [*SETTINGS, "blend"])
def test_contributions_add_up_to_the_prediction(name: str, problem: Problem) -> None:
    task = fields(problem)
    frame = harvest(task, 120)
    fitted = candidate(name, task).fit(frame, task.target(frame))
    found = contributions(fitted, frame.iloc[:30], frame, task, at=[4, 7], draws=8)
    expected = predict(fitted, frame, task)[[4, 7]].reshape(2, -1)
    assert found.predictions == pytest.approx(expected, abs=1e-12)
    assert found.columns == tuple(task.model_columns)
    assert abs(found.values).max() > 0.05
    if problem is Problem.MULTICLASS:
        assert found.values.sum(axis=2) == pytest.approx(0, abs=1e-12), "chances add up to 1"


def test_a_calibrated_pipeline_is_explained_as_a_whole() -> None:
    task = fields(Problem.BINARY)
    frame = harvest(task, 120)
    made = with_inner_choices(
        candidate("lgbm", task), task, calibration=Calibration.ISOTONIC, seed=0
    )
    fitted = made.set_params(candidate__n_folds=2).fit(frame, task.target(frame))
    found = contributions(fitted, frame, frame, task, at=[3], draws=5)
    assert found.predictions[0, 0] == pytest.approx(predict(fitted, frame, task)[3], abs=1e-12)


class Sizes(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Two numbers of a row, and the size of its group by code that knows of no calls."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> "Sizes":
        del X, y
        self.fitted_ = True
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        size = X.groupby("farm")["farm"].transform("size").astype("float64")
        return X[["rain", "sun"]].fillna(0.0).assign(size=size)


def linear(*weights: float) -> Any:
    """Return a pipeline that predicts the weighted sum of rain, sun and size of the group."""
    points = pd.DataFrame([np.eye(3)[n % 3] * n for n in range(9)], columns=["rain", "sun", "size"])
    model = LinearRegression().fit(points, points @ np.array(weights))
    return Pipeline([("sizes", Sizes().fit(pd.DataFrame())), ("model", model)])


def test_a_linear_model_has_the_contributions_of_the_textbook() -> None:
    """And features that look at a group by code of their own are predicted call by call."""
    task = fields(Problem.REGRESSION)
    frame = harvest(task, 30)
    uneven = frame.assign(farm=["big"] * 12 + ["mid"] * 8 + [f"lone {n}" for n in range(10)])
    others = uneven.iloc[[0, 1, 2, 12, 13, 20, 21, 22, 23, 24]]
    found = contributions(linear(2.0, -1.0, 5.0), uneven, others, task, at=[2], draws=10)
    values = dict(zip(found.columns, found.values[0, :, 0], strict=True))
    for column, weight in (("rain", 2.0), ("sun", -1.0)):
        gap = uneven[column].fillna(0.0)[2] - others[column].fillna(0.0).mean()
        assert values[column] == pytest.approx(weight * gap)
    assert values["farm"] == pytest.approx(5 * (12 - (3 * 3 + 2 * 2 + 5) / 10))
    assert values["soil"] == values["flat"] == 0


def test_the_estimates_agree_with_the_definition() -> None:
    """Shapley's sum over all sets of columns, the whole background for each."""
    task = fields(Problem.BINARY, grouped=False)
    frame = harvest(task, 100)
    fitted = candidate("lgbm", task).fit(frame, task.target(frame))
    found = contributions(fitted, frame, frame, task, at=[9], draws=400)
    n_columns = len(found.columns)
    places = range(n_columns)
    sets = [one for size in range(n_columns + 1) for one in combinations(places, size)]
    copies = _copies.Copies.of(fitted, frame, frame, task)
    sources = np.tile(np.arange(100, 200)[:, None], (len(sets), 1, n_columns))
    for number, given in enumerate(sets):
        sources[number][:, list(given)] = 9
    means = copies.predict(sources.reshape(-1, n_columns)).reshape(len(sets), 100).mean(axis=1)
    value = dict(zip(sets, means.tolist(), strict=True))
    for column in places:
        exact = sum(
            (value[tuple(sorted((*one, column)))] - value[one])
            / (n_columns * comb(n_columns - 1, len(one)))
            for one in sets
            if column not in one
        )
        error = found.errors[0, column, 0]
        assert found.values[0, column, 0] == pytest.approx(exact, abs=4 * error + 1e-9)
        assert error < 0.02


def test_each_copy_has_the_groups_of_a_call_of_its_own(people: Dataset, task: Task) -> None:
    """Every block, those that look at travel groups among them, gives a copy the same bits."""
    features = FullFeatures([*BLOCKS])
    model = build_pipeline(features, Encoding.NATIVE, estimator("lgbm", task.problem))
    fitted = model.fit(people.train, task.target(people.train))
    copies = _copies.Copies.of(fitted, unlabelled(people), people.train, task)
    sources = np.random.default_rng(0).integers(0, len(copies.pool), (60, len(copies.pool.columns)))
    sources[:20, 0] = 7
    alone = replace(copies, at_once=False)
    np.testing.assert_array_equal(copies.predict(sources), alone.predict(sources))


def test_the_mates_of_the_row_that_gives_the_id_come_along(people: Dataset, task: Task) -> None:
    copies = _copies.Copies.of(None, unlabelled(people), people.train, task)
    [row] = np.flatnonzero(task.group_sizes(unlabelled(people)).to_numpy() == 3)[:1]
    frame, calls = copies._mixed(np.full((2, len(copies.pool.columns)), row))
    assert calls.tolist() == [0, 1, 0, 0, 1, 1]
    assert len({*task.group_names(frame)}) == 1
    assert task.group_sizes(in_calls(frame, calls)).tolist() == [3] * 6


def test_large_groups_cost_draws_only_if_predictions_depend_on_them() -> None:
    task = fields(Problem.REGRESSION)
    frame = harvest(task, 60).assign(farm=["one", "two"] * 30)
    rows = np.arange(60)
    for weight, most in ((0.0, (2, 50)), (5.0, (1, 4))):
        copies = _copies.Copies.of(linear(1.0, 1.0, weight), frame, frame, task)
        assert not copies.agree(rows) if weight else copies.agree(rows)
        copies = replace(copies, most_rows=2000).affordable(rows[:2], rows[10:])
        assert copies.at_once is (weight == 0)
        assert copies.most(rows[:2], rows[10:]) == most


class Counted(Sizes):
    """The same numbers, and how many rows they were made of."""

    n_rows = 0

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        Counted.n_rows += len(X)
        return super().transform(X)


@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_rows_predicted_are_few_in_all_however_many_are_explained(
    weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = fields(Problem.REGRESSION)
    frame = harvest(task, 3200).assign(farm=[f"farm {n // 400}" for n in range(3200)])
    pipeline = linear(1.0, 1.0, weight)
    pipeline.steps[0] = ("sizes", Counted().fit(frame))
    monkeypatch.setattr(Counted, "n_rows", 0)
    found = contributions(pipeline, frame, frame, task, at=range(40), draws=16)
    assert Counted.n_rows < 250_000, "a tenth of them to see what predictions depend on"
    assert len(found.values) == (10 if weight else 40)
    assert found.draws == (4 if weight else 16)
    expected = predict(pipeline, frame, task)[: len(found.values), None]
    assert found.predictions == pytest.approx(expected)


def test_the_same_seed_gives_the_same_bits(people: Dataset, task: Task, pipeline: Any) -> None:
    fitted = pipeline.fit(people.train, task.target(people.train))
    same = [contributions(fitted, unlabelled(people), people.train, task, at=[1]) for _ in range(2)]
    np.testing.assert_array_equal(same[0].values, same[1].values)
    other = contributions(fitted, unlabelled(people), people.train, task, at=[1], seed=1)
    assert not np.array_equal(other.values, same[0].values)
    assert isinstance(fitted[-1], LogisticRegression)
