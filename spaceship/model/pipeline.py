"""Pipelines built from recipes: raw columns → features → encoding → estimator → probabilities."""

import json
from collections.abc import Sequence
from typing import Any

from sklearn.base import is_regressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from spaceship.config.build import build
from spaceship.errors import ConfigError, expected
from spaceship.model.blend import Blend
from spaceship.model.encoding import Encoding, encoder
from spaceship.model.inner_cv import Calibration, with_inner_choices
from spaceship.model.monotone import constrain
from spaceship.model.recipe import Recipe
from spaceship.model.rounds import Iterations
from spaceship.task.task import Task


def build_recipe(own: Recipe, task: Task, seed: int) -> Pipeline:
    """Return the unfitted pipeline of a resolved recipe, which takes raw columns.

    The seed is that of inner folds. Raise ConfigError if a part has not the methods of its kind.

    >>> raw = {"_target_": "spaceship.features.raw.RawFeatures", "task": task.to_plain()}
    >>> lgbm = {"_target_": "lightgbm.LGBMClassifier", "n_estimators": 5}
    >>> recipe = Recipe(name="lgbm", encoding="native", estimator=lgbm, features=raw)
    >>> list(build_recipe(recipe, task, seed=42).named_steps)
    ['features', 'encoding', 'estimator']
    """
    if own.members is None and own.bags > 1:
        alone = own.model_copy(update={"calibration": Calibration.NONE})
        own = own.model_copy(
            update={"members": (alone,), "bags": 1, "iterations": Iterations.FIXED}
        )
    if own.members is None:
        whole: object = _chain(own, task)
    else:
        members = [_member(one, task, seed) for one in own.members]
        settings = {
            "method": str(own.method),
            "n_folds": own.n_folds,
            "bags": [own.bags * one.bags for one in own.members],
            "iterations": [
                str(one.iterations if one.calibration == Calibration.NONE else Iterations.FIXED)
                for one in own.members
            ],
        }
        whole = build_blend(members, task=task.to_plain(), **settings, seed=seed)
    return _with_choices(own, whole, task, seed)


def build_pipeline(features: object, encoding: Encoding, estimator: object) -> Pipeline:
    """Return an unfitted pipeline; `features` make float64 and `str` columns of raw ones.

    >>> build_pipeline("passthrough", Encoding.NATIVE, None)[:-1]
    Pipeline(steps=[('features', 'passthrough'), ('encoding', CategoryEncoder())])
    """
    steps = [("features", features), ("encoding", encoder(encoding)), ("estimator", estimator)]
    return Pipeline(steps)


def build_blend(members: Sequence[tuple[str, object, object]], **settings: Any) -> Blend:
    """Return an unfitted blend in which members with the same columns share their preparation.

    A member is a key that is the same for the same columns, their preparation, and an estimator;
    the settings are further arguments of `Blend`.

    >>> members = [("raw", "passthrough", 1), ("full", None, 2), ("raw", "passthrough", 3)]
    >>> build_blend(members, task=task.to_plain()).members
    [(0, 1), (1, 2), (0, 3)]
    """
    prepared = {key: steps for key, steps, _ in members}
    places = {key: place for place, key in enumerate(prepared)}
    pairs = [(places[key], estimator) for key, _, estimator in members]
    return Blend(list(prepared.values()), pairs, **settings)


def _chain(own: Recipe, task: Task) -> Pipeline:
    """Return the pipeline of one estimator, without inner choices."""
    features = _part("features", own.features, ("fit", "transform"))
    method = "predict_proba" if task.is_classification else "predict"
    estimator = _part("estimator", own.estimator, ("fit", method, "get_params"))
    if not task.is_classification and not is_regressor(estimator):
        wanted = f"a model that predicts the number {task.label}"
        do = f"choose another one, such as model=lgbm: {own.name} tells classes apart"
        raise ConfigError(expected(wanted, type(estimator).__name__, do))
    if own.monotone is not None:
        constrain(estimator, features, task, own.monotone)
    return build_pipeline(features, own.encoding, estimator)


def _part(key: str, node: Any, wanted: Sequence[str]) -> object:
    """Return a part of the pipeline if it has the methods that the pipeline calls."""
    part = build(node)
    if lacking := [name for name in wanted if not callable(getattr(part, name, None))]:
        group = "features" if key == "features" else "model"
        message = f"expected {key} with {', '.join(wanted)}; found {part!r} without "
        do = f"choose one of configs/{group} with {group}=NAME"
        raise ConfigError(f"{message}{', '.join(lacking)}; {do}")
    return part


def _member(own: Recipe, task: Task, seed: int) -> tuple[str, object, object]:
    """Return (key, preparation, estimator) of a blend's member; equal keys mean equal columns.

    A calibrated member takes raw columns, as its inner folds prepare them anew, and chooses its own
    iterations. A threshold applies to the blend only.
    """
    pipeline = _chain(own, task)
    if own.calibration == Calibration.NONE:
        columns = json.dumps([own.features, own.encoding], sort_keys=True)
        return columns, pipeline[:-1], pipeline[-1]
    own = own.model_copy(update={"threshold": 0.5})
    return "raw", FunctionTransformer(), _with_choices(own, pipeline, task, seed)


def _with_choices(own: Recipe, pipeline: object, task: Task, seed: int) -> Pipeline:
    choices = {key: getattr(own, key) for key in ("iterations", "calibration", "threshold")}
    return with_inner_choices(pipeline, task, **choices, seed=seed)
