"""Recipes: everything needed to build a candidate's pipeline again, as plain values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from spaceship.config.build import build, resolved
from spaceship.errors import ConfigError
from spaceship.model.inner_cv import choosing
from spaceship.model.pipeline import build_blend, build_pipeline

Recipe = dict[str, Any]
CHOICES = {"iterations": "fixed", "calibration": "none", "threshold": 0.5}
"""What a candidate may choose for itself, and what it does where a recipe is silent."""
_SINGLE, _BLEND = ("name", "encoding", "estimator"), ("name", "method", "n_folds", "bags")


def single(model: Mapping[str, Any], features: Mapping[str, Any]) -> Recipe:
    """Return the recipe of one estimator on one feature set.

    Args:
        model: A node of the group `model`.
        features: A node of the group `features`.

    Raises:
        ConfigError: The node is of a model that is made of others.

    """
    if not isinstance(model, Mapping):
        message = f"expected a model with {', '.join(_SINGLE)}, found {model!r}"
        raise ConfigError(f"{message}; name one of configs/model, or leave it out")
    if missing := [key for key in _SINGLE if key not in model]:
        message = f"expected a model with {', '.join(_SINGLE)}, found none of {', '.join(missing)}"
        raise ConfigError(f"{message} in {model.get('name', 'it')}; name one that stands alone")
    own = {key: model[key] for key in _SINGLE}
    return own | {"iterations": model.get("iterations", "fixed"), "features": dict(features)}


def blend(
    members: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    features: Mapping[str, Any],
) -> Recipe:
    """Return the recipe of a blend.

    Args:
        members: Recipes, each with features of its own.
        settings: `name`, `method`, `n_folds` and `bags`, maybe among others.
        features: The feature set that the whole goes by.

    """
    own = {key: settings[key] for key in _BLEND}
    return own | {"members": [dict(one) for one in members], "features": dict(features)}


def with_features(recipe: Mapping[str, Any], features: Mapping[str, Any]) -> Recipe:
    """Return the recipe on another feature set, its members' too."""
    changed = {**recipe, "features": dict(features)}
    if "members" in recipe:
        changed["members"] = [with_features(one, features) for one in recipe["members"]]
    return changed


def prepares_alone(recipe: Mapping[str, Any]) -> bool:
    """Tell whether the steps before the estimator are fitted once a fold, apart from it."""
    chosen = [name for name, silent in CHOICES.items() if recipe.get(name, silent) != silent]
    return "members" not in recipe and not chosen


def built(own: DictConfig, seed: int) -> Pipeline:
    """Return the unfitted pipeline of a recipe whose interpolations resolve."""
    choices = {name: own.get(name, silent) for name, silent in CHOICES.items()}
    if "members" not in own:
        return choosing(_pipeline(own), **choices, seed=seed)
    settings = {"method": own.method, "n_folds": own.n_folds, "bags": own.bags}
    whole = build_blend([_member(one, seed) for one in own.members], **settings, seed=seed)
    return choosing(whole, **choices, seed=seed)


def _pipeline(own: DictConfig) -> Pipeline:
    features = _part(own, "features", ("fit", "transform"))
    estimator = _part(own, "estimator", ("fit", "predict_proba", "get_params"))
    return build_pipeline(features, own.encoding, estimator)


def _part(own: DictConfig, key: str, wanted: Sequence[str]) -> Any:
    """Return a part of the pipeline if it has the methods that the pipeline calls."""
    part = build(own[key])
    if lacking := [name for name in wanted if not callable(getattr(part, name, None))]:
        group = "features" if key == "features" else "model"
        message = f"expected {key} with {', '.join(wanted)}; found {part!r} without "
        message += ", ".join(lacking)
        raise ConfigError(f"{message}; choose one of configs/{group} with {group}=NAME")
    return part


def _member(own: DictConfig, seed: int) -> tuple[str, Any, Any]:
    """Return a member: what tells its columns from others', what prepares them, its estimator.

    One that chooses for itself prepares its columns itself, as it has inner folds of its own. A
    threshold is none of its business.
    """
    pipeline = _pipeline(own)
    choices = {name: own.get(name, silent) for name, silent in CHOICES.items()} | {"threshold": 0.5}
    if prepares_alone({**resolved(own), "threshold": 0.5}):
        columns = json.dumps([resolved(own.features), own.encoding], sort_keys=True)
        return columns, pipeline[:-1], pipeline[-1]
    return "raw", FunctionTransformer(), choosing(pipeline, **choices, seed=seed)
