"""Recipes as plain values, and the pipelines they are built into."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.preprocessing import FunctionTransformer

from spaceship.errors import ConfigError
from spaceship.model.blend import Blend
from spaceship.model.inner_cv import InnerFolds, InnerIterations
from spaceship.model.pipeline import build_recipe
from spaceship.model.recipe import Recipe
from spaceship.task.task import Task

RAW = {"_target_": "spaceship.features.raw.RawFeatures"}
BASELINE = {"_target_": "spaceship.task.spaceship_titanic.features.baseline.BaselineFeatures"}
LGBM = {
    "name": "lgbm",
    "encoding": "native",
    "estimator": {"_target_": "lightgbm.LGBMClassifier", "n_estimators": 5},
}
Make = Callable[[Recipe], Any]
SETTINGS = {"name": "blend", "method": "stack", "n_folds": 5}


def lgbm(**changes: Any) -> Recipe:
    return Recipe.from_plain({**LGBM, "features": RAW, **changes})


@pytest.fixture
def make(task: Task) -> Make:
    return lambda recipe: build_recipe(recipe, task, seed=3)


def test_members_share_columns_unless_they_are_calibrated(make: Make) -> None:
    calibrated = lgbm(iterations="inner_fold", calibration="sigmoid", threshold="tuned")
    members = [lgbm(), lgbm(iterations="inner_cv"), calibrated]
    made = make(Recipe.blend(members, SETTINGS, RAW))[-1]
    assert isinstance(made, Blend)
    assert [place for place, _ in made.members] == [0, 0, 1]
    assert made.iterations == ["fixed", "inner_cv", "fixed"]
    assert isinstance(made.preparations[1], FunctionTransformer)
    chosen = made.members[2][1][-1].estimator.estimator
    assert isinstance(chosen, InnerIterations)


def test_each_member_has_bags_of_its_own_and_an_old_blend_those_of_all(make: Make) -> None:
    members = [lgbm(bags=3), lgbm()]
    assert make(Recipe.blend(members, SETTINGS, RAW))[-1].bags == [3, 1]
    old = Recipe.blend(members[1:] * 2, SETTINGS, RAW).to_plain() | {"bags": 2}
    assert make(Recipe.from_plain(old))[-1].bags == [2, 2]


def test_a_model_of_several_bags_makes_its_other_choices_once(make: Make) -> None:
    """The trees are chosen once, probabilities are calibrated for all bags together."""
    own = lgbm(bags=2, iterations="inner_cv", calibration="sigmoid", threshold="tuned")
    made = make(own)[-1]
    assert isinstance(made, InnerFolds)
    calibrated = made.estimator.estimator.estimator
    assert calibrated.method == "sigmoid"
    assert calibrated.estimator.iterations == ["inner_cv"]
    assert not own.prepares_alone


@pytest.mark.parametrize("model", [None, 1, "lgbm", []])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected a model with name.*found .*name one of"):
        Recipe.single(model, RAW)


@pytest.mark.parametrize("model", [SETTINGS, {"name": "champion"}])
def test_a_member_has_to_stand_alone(model: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"encoding, estimator in .*stands alone"):
        Recipe.single(model, RAW)


@pytest.mark.parametrize(
    ("part", "target", "lacking"),
    [
        ("features", "sklearn.svm.SVC", "transform"),
        ("features", "sklearn.model_selection.KFold", "fit, transform"),
        ("estimator", "sklearn.linear_model.LinearRegression", "predict_proba"),
    ],
)
def test_a_part_of_another_kind_is_refused(
    make: Make, part: str, target: str, lacking: str
) -> None:
    with pytest.raises(ConfigError, match=f"expected {part} with .* without {lacking};"):
        make(lgbm(**{part: {"_target_": target}}))


def test_a_blend_may_choose_its_threshold_and_a_member_may_not(make: Make) -> None:
    member = lgbm(threshold="tuned")
    made = make(Recipe.blend([member, member], SETTINGS, RAW, threshold="tuned"))[-1]
    assert isinstance(made, InnerFolds)
    assert [place for place, _ in made.estimator.estimator.members] == [0, 0]


def test_other_features_reach_every_member() -> None:
    changed = Recipe.blend([lgbm()], SETTINGS, RAW).with_features(BASELINE).to_plain()
    assert changed["features"] == BASELINE
    assert [member["features"] for member in changed["members"]] == [BASELINE]


BLEND = {**SETTINGS, "members": [{**LGBM, "features": RAW}], "features": RAW}


@pytest.mark.parametrize(
    "plain",
    [
        {**LGBM, "features": RAW},
        {**LGBM, "features": RAW, "iterations": "fixed", "threshold": 0.5},
        {**LGBM, "features": RAW, "calibration": "${calibration}", "threshold": "tuned"},
        BLEND,
        {**BLEND, "threshold": "tuned", "n_folds": "${split.n_folds}"},
    ],
)
def test_a_recipe_keeps_the_keys_and_values_of_its_plain_form(plain: dict[str, Any]) -> None:
    assert Recipe.from_plain(plain).to_plain() == plain


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"encoding": "ordinal"}, "model.encoding to be 'native' or 'onehot', found 'ordinal'"),
        ({"iterations": "many"}, "model.iterations to be 'fixed', 'inner_cv' or .* 'many'"),
        ({"calibration": "magic"}, "calibration to be 'none', 'isotonic', .* found 'magic'"),
        ({"threshold": 0.4}, "threshold to be 0.5 or 'tuned', found 0.4"),
        ({"method": "vote"}, "model.method to be 'mean', 'stack' or 'greedy', found 'vote'"),
        ({"n_folds": 1}, "model.n_folds to be greater than or equal to 2, found 1"),
        ({"bags": 0}, "model.bags to be greater than or equal to 1, found 0"),
        ({"n_folds": 1, "bags": 0}, "model.n_folds .*found 1; model.bags .*found 0"),
        ({"bags": 0.5}, "model.bags .*found 0.5"),
        ({"bags": True}, "model.bags .*found True"),
        ({"members": []}, "model.members .*at least 1 item, found"),
        ({"members": [{**LGBM, "encoding": None, "features": RAW}]}, r"model.members.0.encoding"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        lgbm(**change)


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        ({}, True),
        ({"iterations": "fixed", "calibration": "none", "threshold": 0.5}, True),
        ({"iterations": "inner_cv"}, False),
        ({"iterations": "inner_fold"}, False),
        ({"calibration": "sigmoid"}, False),
        ({"threshold": "tuned"}, False),
        ({"members": [{**LGBM, "features": RAW}]}, False),
    ],
)
def test_trials_share_folds_only_where_columns_are_made_once(
    change: dict[str, Any], *, alone: bool
) -> None:
    assert lgbm(**change).prepares_alone is alone
