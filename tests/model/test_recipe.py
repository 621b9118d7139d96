"""Recipes as plain values, and the pipelines they are built into."""

from typing import Any

import pytest
from omegaconf import OmegaConf
from sklearn.preprocessing import FunctionTransformer

from hydra_plugins.spaceship_optuna.trial import reporting_to
from spaceship import experiment as parts
from spaceship.errors import ConfigError
from spaceship.model.blend import Blend
from spaceship.model.inner_cv import InnerFolds, InnerIterations
from spaceship.model.recipe import blend, built, prepares_alone, single, with_features

RAW = {"_target_": "spaceship.task.spaceship_titanic.features.raw.RawFeatures"}
BASELINE = {"_target_": "spaceship.task.spaceship_titanic.features.baseline.BaselineFeatures"}
LGBM = {
    "name": "lgbm",
    "encoding": "native",
    "estimator": {"_target_": "lightgbm.LGBMClassifier", "n_estimators": 5},
}
SETTINGS = {"name": "blend", "method": "stack", "n_folds": 5, "bags": 1}


def make(recipe: dict[str, Any]) -> Any:
    return built(OmegaConf.create(recipe), seed=3)


def test_members_share_columns_unless_they_choose_for_themselves() -> None:
    plain = single(LGBM, RAW)
    choosy = plain | {"iterations": "inner_cv"}
    made = make(blend([plain, plain, choosy], SETTINGS, RAW))[-1]
    assert isinstance(made, Blend)
    assert [place for place, _ in made.members] == [0, 0, 1]
    assert isinstance(made.preparations[1], FunctionTransformer)
    assert isinstance(made.members[2][1][-1], InnerIterations)


@pytest.mark.parametrize("model", [None, 1, "lgbm", []])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected a model with name.*found .*name one of"):
        single(model, RAW)


@pytest.mark.parametrize(
    ("part", "target", "lacking"),
    [
        ("features", "sklearn.svm.SVC", "transform"),
        ("features", "sklearn.model_selection.KFold", "fit, transform"),
        ("estimator", "sklearn.linear_model.LinearRegression", "predict_proba"),
    ],
)
def test_a_part_of_another_kind_is_refused(part: str, target: str, lacking: str) -> None:
    recipe = single(LGBM, RAW) | {part: {"_target_": target}}
    with pytest.raises(ConfigError, match=f"expected {part} with .* without {lacking};"):
        make(recipe)


def test_a_blend_may_choose_its_threshold_and_a_member_may_not() -> None:
    member = single(LGBM, RAW) | {"threshold": "tuned"}
    whole = blend([member, member], SETTINGS, RAW) | {"threshold": "tuned"}
    made = make(whole)[-1]
    assert isinstance(made, InnerFolds)
    assert [place for place, _ in made.estimator.estimator.members] == [0, 0]


def test_other_features_reach_every_member() -> None:
    changed = with_features(blend([single(LGBM, RAW)], SETTINGS, RAW), BASELINE)
    assert changed["features"] == BASELINE
    assert [member["features"] for member in changed["members"]] == [BASELINE]


@pytest.mark.parametrize("model", [SETTINGS, {"name": "champion"}])
def test_a_member_has_to_stand_alone(model: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"encoding, estimator in .*stands alone"):
        single(model, RAW)


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        ({}, True),
        ({"iterations": "fixed", "calibration": "none", "threshold": 0.5}, True),
        ({"iterations": "inner_cv"}, False),
        ({"calibration": "sigmoid"}, False),
        ({"threshold": "tuned"}, False),
        ({"members": []}, False),
    ],
)
def test_trials_share_folds_only_where_columns_are_made_once(
    change: dict[str, Any], *, alone: bool
) -> None:
    recipe = single(LGBM, RAW) | change
    assert prepares_alone(recipe) is alone
    split = {"holdout_fraction": 0.2, "salt": "s", "n_folds": 3}
    cfg = OmegaConf.create({"split": split, "seed": 1})
    with reporting_to(lambda *_: False):
        assert (parts.prepared_folds(cfg, recipe, "digest") is not None) is alone
