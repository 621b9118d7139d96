"""Names of recipes and feature sets, made of their plain form; nothing heavy is imported."""

from collections.abc import Mapping
from typing import Any


def features_name(node: Mapping[str, object]) -> str:
    """Return the name of a feature set: that of its module, which is that of its YAML.

    >>> features_name({"_target_": "mypackage.raw.RawFeatures"})
    'raw'
    """
    return str(node["_target_"]).split(".")[-2]


def recipe_name(plain: Mapping[str, Any]) -> str:
    """Return the name of a recipe that `Recipe.to_plain` described: estimator on feature set.

    >>> recipe_name({"name": "lgbm", "features": {"_target_": "mypackage.raw.RawFeatures"}})
    'lgbm on raw'
    """
    return f"{plain['name']} on {features_name(plain['features'])}"
