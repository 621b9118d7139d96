"""Table of installed packages, read once: storing a model reads it, which takes half a second."""

import importlib.metadata
from collections.abc import Mapping
from functools import cache

import importlib_metadata

_read = importlib.metadata.packages_distributions


@cache
def packages() -> Mapping[str, list[str]]:
    """Return the distributions that give each top-level package."""
    return _read()


def read_once() -> None:
    """Let this process, and the forks of it, read the table at most once more."""
    for module in (importlib.metadata, importlib_metadata):
        vars(module)["packages_distributions"] = lambda: dict(packages())
