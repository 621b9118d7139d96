"""Moved modules: stored models and recipes of earlier releases name classes by their old places."""

import sys
from importlib import import_module
from typing import Any

_FEATURES = "spaceship.task.spaceship_titanic.features"
MOVED = {
    "spaceship.encoding": "spaceship.model.encoding",
    "spaceship.features.baseline": f"{_FEATURES}.baseline",
    "spaceship.features.full": f"{_FEATURES}.full",
    f"{_FEATURES}.raw": "spaceship.features.raw",
    "spaceship.model.inner": "spaceship.model.inner_cv",
}
"""Old module to present one, for the classes that models and recipes may name."""


def with_present_targets(node: object) -> Any:
    """Return a plain config node in which each `_target_` names the present module.

    >>> with_present_targets({"_target_": "spaceship.encoding.CategoryEncoder"})
    {'_target_': 'spaceship.model.encoding.CategoryEncoder'}
    """
    if isinstance(node, list):
        return [with_present_targets(item) for item in node]
    if not isinstance(node, dict):
        return node
    present = {key: with_present_targets(value) for key, value in node.items()}
    if isinstance(target := present.get("_target_"), str):
        module, dot, name = target.rpartition(".")
        present["_target_"] = f"{MOVED.get(module, module)}{dot}{name}"
    return present


def import_moved() -> None:
    """Make the old module names importable in this process.

    >>> import_moved()
    >>> from spaceship.model.inner import InnerFolds
    >>> InnerFolds.__module__
    'spaceship.model.inner_cv'
    """
    for old, present in MOVED.items():
        sys.modules.setdefault(old, import_module(present))
