"""Candidates for every kind of problem: each model YAML, inner choices, own values."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)

from spaceship.config.installation import configs
from spaceship.errors import ConfigError
from spaceship.evaluation.cross_validation import decision_threshold, predict
from spaceship.evaluation.metrics import metric_names, score
from spaceship.evaluation.twins import predict_holdout
from spaceship.features.raw import RawFeatures
from spaceship.model.catboost import CategoryCatBoost, CategoryCatBoostRegressor
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import InnerIterations, with_inner_choices
from spaceship.model.labelled import Labelled, labelled
from spaceship.model.pipeline import build_pipeline, build_recipe
from spaceship.registry import packaging
from spaceship.task.label import Problem
from tests.foundation import MISSING, PACKAGES, weights
from tests.model.problem_kinds import CAT, OTHERS, SIZE, TREES, pipeline, recipe, rows
from tests.tasks import ODD, PROBLEMS

YAMLS = sorted(path.stem for path in (configs() / "model").glob("*.yaml"))
ALONE = [name for name in YAMLS if name not in {"blend", "champion"}]
CLASSES_ALONE = {"svm"}
"""Models that tell classes apart and predict no numbers."""


def main_metric(fitted: Any, problem: Problem) -> float:
    """Return the accuracy on the rows fitted on, or R² of numbers."""
    task, frame, target = rows(problem)
    scores = score(target, predict(fitted, frame, task), problem=problem)
    return scores["r2" if problem is Problem.REGRESSION else "accuracy"]


def built(name: str, problem: Problem, **changes: Any) -> Any:
    own = recipe(name, problem, **changes)
    if name in PACKAGES:
        pytest.importorskip(name, reason=f"{name} {MISSING}")
        few = {"weights": str(weights()), "device": "cpu", "n_estimators": 2}
        own = own.model_copy(update={"estimator": {**(own.estimator or {}), **few}})
    return build_recipe(own, rows(problem)[0], seed=1)


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_model_serves_every_kind_of_problem_or_says_so(
    name: str, problem: Problem, tmp_path: Path
) -> None:
    task, frame, target = rows(problem)
    if problem is Problem.REGRESSION and name in CLASSES_ALONE:
        with pytest.raises(ConfigError, match=r"predicts the number tons, .*model=lgbm"):
            build_recipe(recipe(name, problem), task, seed=1)
        return
    made = built(name, problem)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = made.fit(frame, target)
    assert name in PACKAGES or main_metric(fitted, problem) > 0.4, "weights drawn at random aside"
    values = predict(fitted, frame, task)
    assert values.shape == ((SIZE, 3) if problem is Problem.MULTICLASS else (SIZE,))
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert (predict(loaded, frame, task) == values).all()
    spelt = loaded.predict(frame)
    assert np.shape(spelt) == (SIZE,)
    if task.is_classification:
        assert {*spelt} <= {*task.label_values}
        assert name in PACKAGES or len({*spelt}) == len(task.label_values)
        assert (spelt == task.spelt(fitted.predict(frame))).all()
    else:
        assert (spelt == values).all()


@pytest.mark.parametrize("name", ALONE)
def test_a_class_without_a_training_row_does_no_harm(name: str) -> None:
    """A rare class may be in one group only, and that group in the fold that is tested."""
    task, frame, target = rows(Problem.MULTICLASS)
    without = target != 1
    fitted = built(name, Problem.MULTICLASS).fit(frame[without], target[without])
    values = predict(fitted, frame, task)
    assert (values[:, 1] == 0).all()
    assert values.sum(axis=1) == pytest.approx(1)
    assert {*np.asarray(fitted.predict(frame)).astype(int)} <= {0, 2}
    if name not in PACKAGES:
        assert (values[without].argmax(axis=1) == target[without]).mean() > 0.8


BOOSTERS: dict[str, tuple[Any, Any]] = {
    "lgbm": (LGBMClassifier, LGBMRegressor),
    "catboost": (CategoryCatBoost, CategoryCatBoostRegressor),
    "hist_gradient_boosting": (HistGradientBoostingClassifier, HistGradientBoostingRegressor),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "lgbm": {"n_estimators": 30, "learning_rate": 0.5, "verbose": -1, "n_jobs": 1},
    "catboost": CAT,
    "hist_gradient_boosting": {"max_iter": 30, "learning_rate": 0.5, "early_stopping": False},
}


ROUNDS = {"lgbm": "n_estimators", "catboost": "iterations", "hist_gradient_boosting": "max_iter"}


@pytest.mark.parametrize("problem", OTHERS)
@pytest.mark.parametrize("name", BOOSTERS)
def test_inner_folds_choose_the_rounds(problem: Problem, name: str) -> None:
    task, frame, target = rows(problem)
    booster = BOOSTERS[name][problem is Problem.REGRESSION](**SETTINGS[name])
    made = with_inner_choices(pipeline(booster, task), task, iterations="inner_cv", seed=0)  # type: ignore[arg-type]
    chosen = made.set_params(candidate__n_folds=2).fit(frame, target)[-1]
    assert isinstance(chosen, InnerIterations)
    assert max(chosen.curve_) == 60
    assert chosen.rounds_ == min(chosen.curve_, key=lambda rounds: chosen.curve_[rounds])
    if name != "catboost":
        assert chosen.rounds_ < 60, "so large a step soon fits noise"
    assert np.isfinite([*chosen.curve_.values()]).all()
    plain = pipeline(booster, task).set_params(**{f"estimator__{ROUNDS[name]}": chosen.rounds_})
    assert (predict(made, frame, task) == predict(plain.fit(frame, target), frame, task)).all()


def test_the_curve_of_numbers_is_their_mean_squared_error() -> None:
    task, frame, target = rows(Problem.REGRESSION)
    booster = LGBMRegressor(n_estimators=1, learning_rate=1e-9, verbose=-1, n_jobs=1)
    made = with_inner_choices(pipeline(booster, task), task, iterations="inner_cv", seed=0)  # type: ignore[arg-type]
    curve = made.fit(frame, target)[-1].curve_
    assert curve[1] == pytest.approx(target.var(), rel=0.05)


@pytest.mark.parametrize("method", ["isotonic", "sigmoid", "temperature"])
def test_probabilities_of_several_classes_are_calibrated(method: str, tmp_path: Path) -> None:
    task, frame, target = rows(Problem.MULTICLASS)
    forest = RandomForestClassifier(10, random_state=0)
    onehot = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, forest)
    made = with_inner_choices(onehot, task, calibration=method, seed=0)  # type: ignore[arg-type]
    fitted = made.set_params(candidate__n_folds=2).fit(frame, target)
    values = predict(fitted, frame, task)
    assert values.sum(axis=1) == pytest.approx(1)
    assert not np.allclose(values, predict(onehot.fit(frame, target), frame, task))
    assert (fitted.predict(frame) == values.argmax(axis=1)).all()
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert (predict(loaded, frame, task) == values).all()


@pytest.mark.parametrize(
    ("problem", "choices", "message"),
    [
        (Problem.REGRESSION, {"calibration": "isotonic"}, "calibration=none for numbers"),
        (Problem.REGRESSION, {"threshold": "tuned"}, "threshold=0.5 for a regression problem"),
        (Problem.MULTICLASS, {"threshold": "tuned"}, "threshold=0.5 for a multiclass problem"),
    ],
)
def test_choices_that_the_problem_does_not_leave_are_refused(
    problem: Problem, choices: dict[str, Any], message: str
) -> None:
    own = recipe("lgbm", problem).model_copy(update=choices)
    with pytest.raises(ConfigError, match=f"expected {message}, found .*leave it out"):
        build_recipe(own, rows(problem)[0], seed=1)


def test_a_regressor_of_a_user_that_tells_classes_apart_is_refused() -> None:
    task = rows(Problem.REGRESSION)[0]
    forest = {"_target_": "sklearn.ensemble.RandomForestClassifier"}
    own = recipe("lgbm", Problem.REGRESSION).model_copy(update={"estimator": forest})
    with pytest.raises(ConfigError, match="predicts the number tons, found RandomForestClassifier"):
        build_recipe(own, task, seed=1)


def test_predictions_are_spelt_as_in_the_training_file() -> None:
    task, frame, target = rows(Problem.MULTICLASS)
    fitted = pipeline(LGBMClassifier(**TREES), task).fit(frame, target)
    own = labelled(fitted, task)
    assert isinstance(own, Labelled)
    assert {*own.predict(frame)} == {*ODD}
    assert (own.predict(frame) == np.take(np.array(ODD, object), fitted.predict(frame))).all()
    assert (own.predict_proba(frame) == fitted.predict_proba(frame)).all()
    assert own.classes_.tolist() == [0, 1, 2]
    numbers = rows(Problem.REGRESSION)[0]
    assert labelled(fitted, numbers) is fitted, "numbers are spelt as they are"


def test_a_tuned_threshold_holds_for_predictions_in_own_values(tmp_path: Path) -> None:
    task, frame, target = rows(Problem.BINARY)
    forest = RandomForestClassifier(10, min_samples_leaf=9, random_state=0)
    onehot = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, forest)
    many = target | (np.arange(SIZE) % 3 == 0)
    made = with_inner_choices(onehot, task, threshold="tuned", seed=0)
    fitted = made.set_params(candidate__n_folds=2).fit(frame, many)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    threshold = decision_threshold(fitted)
    assert decision_threshold(loaded) == threshold != 0.5
    chance = predict(loaded, frame, task)
    expected = np.where(chance > threshold, "pays off", "costs")
    assert (loaded.predict(frame) == expected).all()
    assert predict_holdout(loaded, frame, task) == predict_holdout(fitted, frame, task)


def test_a_stored_regressor_of_catboost_needs_no_type_but_its_own(tmp_path: Path) -> None:
    task, frame, target = rows(Problem.REGRESSION)
    fitted = pipeline(CategoryCatBoostRegressor(**CAT), task).fit(frame, target)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert isinstance(loaded[-1], CategoryCatBoostRegressor)
    assert (loaded.predict(frame) == fitted.predict(frame)).all()
    assert loaded[-1].get_cat_feature_indices() == [0]
    assert "catboost==" in (tmp_path / "model" / "requirements.txt").read_text()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_catboost_names_a_target_of_one_value(problem: Problem) -> None:
    task, frame, target = rows(problem)
    kind = CategoryCatBoost if task.is_classification else CategoryCatBoostRegressor
    with pytest.raises(ValueError, match="target"):
        pipeline(kind(**CAT), task).fit(frame, np.full_like(target, target[0]))


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_served_model_takes_raw_text_without_the_label(problem: Problem, tmp_path: Path) -> None:
    task, frame, target = rows(problem)
    fitted = built("lgbm", problem).fit(frame, target)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    raw = frame.drop(columns=task.label).astype("str")
    assert (predict(loaded, raw, task) == predict(fitted, frame, task)).all()
    assert loaded.predict(raw.head(0)).shape == (0,)
    if task.is_classification:
        n_classes = loaded.predict_proba(raw).shape[1]
        assert loaded.predict_proba(raw.head(0)).shape == (0, n_classes)
    assert metric_names(problem)[0] in {"accuracy", "rmse"}
