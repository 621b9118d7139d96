"""Monotone constraints of task, feature set and model: kept in every fit, refused where unknown."""

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import ConfigError
from spaceship.model.monotone import keep_present
from spaceship.model.pipeline import build_recipe
from spaceship.model.recipe import Recipe
from spaceship.task.task import Task
from tests.tasks import built_in

FULL = {
    "_target_": "spaceship.task.spaceship_titanic.features.full.FullFeatures",
    "blocks": ["spending"],
}
RAW = {"_target_": "spaceship.features.raw.RawFeatures", "task": built_in().to_plain()}
TABLE = {"_target_": "spaceship.features.table.TableFeatures", "task": built_in().to_plain()}
FAMILIES: dict[str, dict[str, object]] = {
    "lightgbm.FrameLGBMClassifier": {
        "n_estimators": 30,
        "verbose": -1,
        "min_child_samples": 5,
        "n_jobs": 1,
    },
    "hist_gradient_boosting.FrameHGBClassifier": {
        "max_iter": 30,
        "min_samples_leaf": 5,
        "categorical_features": "from_dtype",
    },
    "xgboost.FrameXGBClassifier": {"n_estimators": 30, "enable_categorical": True, "n_jobs": 1},
}
People = tuple[pd.DataFrame, Any]


def recipe(family: str, features: dict[str, Any], **changes: Any) -> Recipe:
    estimator = {"_target_": f"spaceship.model.{family}", **FAMILIES[family]}
    plain = {"name": "x", "encoding": "native", "estimator": estimator, "features": features}
    return Recipe.from_plain(plain | changes)


def steps_of_spa(made: Any, people: People) -> np.ndarray:
    """Return how predictions change with Spa, for each of twenty passengers."""
    frame, labels = people
    fitted = made.fit(frame, labels)
    spends = np.linspace(0, 3000, 25)
    rows = frame.iloc[:20].loc[lambda some: some.index.repeat(len(spends))]
    rows = rows.assign(Spa=np.tile(spends, 20), PassengerId=[f"{n:04d}_01" for n in range(500)])
    return np.asarray(np.diff(fitted.predict_proba(rows)[:, 1].reshape(20, -1), axis=1))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("features", [RAW, TABLE], ids=["raw", "table"])
def test_the_task_says_that_more_spa_lowers_the_chance(
    family: str, features: dict[str, Any], people: People, task: Task
) -> None:
    with_task = build_recipe(recipe(family, features, monotone={}), task, seed=1)
    assert (steps_of_spa(with_task, people) <= 0).all()
    without = build_recipe(recipe(family, features, monotone=None), task, seed=1)
    assert (steps_of_spa(without, people) > 0).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_model_monotone_wins_over_the_task(family: str, people: People, task: Task) -> None:
    own = recipe(family, RAW, monotone={"Spa": "up"})
    assert (steps_of_spa(build_recipe(own, task, seed=1), people) >= 0).all()
    free = recipe(family, RAW, monotone={"Spa": "none"})
    assert (steps_of_spa(build_recipe(free, task, seed=1), people) > 0).any()


def test_columns_that_a_feature_set_makes_have_constraints_too(task: Task) -> None:
    made = build_recipe(recipe("lightgbm.FrameLGBMClassifier", FULL, monotone={}), task, seed=1)
    signs = made[-1].get_params()["monotone_constraints"]
    assert (signs["LuxurySpend"], signs["Spa"], signs["PlaceScore"]) == (-1, -1, 1)


@pytest.mark.parametrize(
    ("name", "near"), [("Spaa", "Spa"), ("HomePlanet", "Age"), ("NoSuch", "CabinNumber")]
)
def test_a_name_that_is_no_number_is_refused(name: str, near: str, task: Task) -> None:
    own = recipe("lightgbm.FrameLGBMClassifier", RAW, monotone={name: "up"})
    with pytest.raises(ConfigError, match=f"numbers in model.monotone, found '{name}'.*{near}"):
        build_recipe(own, task, seed=1)


def test_another_effect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.monotone.Spa to be 'up', 'down' or 'none'"):
        recipe("lightgbm.FrameLGBMClassifier", RAW, monotone={"Spa": "sideways"})


def test_a_model_without_constraints_refuses_them(task: Task) -> None:
    forest = {"_target_": "sklearn.ensemble.RandomForestClassifier"}
    plain = {"name": "forest", "estimator": forest, "features": RAW}
    own = Recipe.from_plain(plain | {"monotone": {"Spa": "up"}})
    with pytest.raises(ConfigError, match="found RandomForestClassifier; leave out"):
        build_recipe(own, task, seed=1)


def test_a_recipe_of_an_earlier_release_has_no_constraints(task: Task) -> None:
    made = build_recipe(recipe("lightgbm.FrameLGBMClassifier", RAW), task, seed=1)
    assert not made[-1].get_params().get("monotone_constraints")


def test_constraints_without_a_feature_are_said_once(
    people: People, task: Task, caplog: pytest.LogCaptureFixture
) -> None:
    made = build_recipe(recipe("lightgbm.FrameLGBMClassifier", FULL, monotone={}), task, seed=1)
    with caplog.at_level(logging.INFO):
        made.fit(*people)
        made.fit(*people)
    assert caplog.text.count("Monotone constraints without a feature of the name: PlaceScore") == 1
    assert keep_present(made[-1], None) is None


def test_several_classes_have_no_direction() -> None:
    iris = {
        "problem": "multiclass",
        "label": "kind",
        "classes": ["a", "b", "c"],
        "columns": {"width": {"type": "number", "monotone": "up"}},
    }
    task, family = Task.read(iris), "lightgbm.FrameLGBMClassifier"
    raw = RAW | {"task": task.to_plain()}
    made = build_recipe(recipe(family, raw, monotone={}), task, seed=1)
    assert not made[-1].get_params().get("monotone_constraints")
    with pytest.raises(ConfigError, match="found several classes"):
        build_recipe(recipe(family, raw, monotone={"width": "up"}), task, seed=1)


def test_only_numbers_have_a_direction_in_a_task() -> None:
    plan = {"problem": "binary", "label": "left", "columns": {"plan": {"type": "category"}}}
    plan["columns"]["plan"]["monotone"] = "up"  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"columns\.plan\.monotone to be that of a number"):
        Task.read(plan)
