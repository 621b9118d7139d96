"""Parameters of a recipe by config key, as MLflow's pages and the model card show them."""

from collections.abc import Mapping
from typing import Any

from hydra_plugins.spaceship_optuna.config_text import flatten
from spaceship.model.recipe_name import features_name, recipe_name

_MOST = 25  # parameters; a run's config.yaml has every setting
_SETTINGS = {"seed", "split.kind", "split.n_folds", "split.salt"}


def recipe_params(recipe: Mapping[str, Any], config: Mapping[str, str]) -> dict[str, str]:
    """Return what varies between candidates: a recipe's settings by config key, seed and split.

    >>> raw = {"_target_": "mypackage.raw.RawFeatures"}
    >>> recipe = {"name": "svm", "estimator": {"C": 3, "n_jobs": "${threads}"}, "features": raw}
    >>> recipe_params(recipe, {"seed": "42", "threads": "2"})
    {'model.name': 'svm', 'features': 'raw', 'seed': '42', 'model.estimator.C': '3'}
    """
    own = {key: one for key, one in recipe.items() if key not in {"features", "members"}}
    flat = {f"model.{key}": one for key, one in flatten(own).items()}
    flat |= {key: flat.pop(f"model.{key}") for key in ("calibration", "threshold") if key in own}
    features = recipe["features"]
    named = {"model.name": flat.pop("model.name", ""), "features": features_name(features)}
    if members := recipe.get("members"):
        named["model.members"] = ", ".join(recipe_name(one) for one in members)
    named |= {key: config[key] for key in config if key in _SETTINGS}
    named |= {f"features.{key}": one for key, one in flatten(features).items()}
    kept = {
        key: one
        for key, one in (named | flat).items()
        if not key.endswith("_target_") and "${" not in one
    }
    return dict([*kept.items()][:_MOST])
