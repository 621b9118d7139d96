"""Requirements of a stored model: the pinned packages that a server of it needs."""

import importlib.metadata
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from types import FunctionType

from sklearn.base import BaseEstimator

_INSTALLED_AS = {"sklearn": "scikit-learn"}
SERVING_PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")  # for every model


def requirements(
    pipeline: object, types: Sequence[str], own: Sequence[type | FunctionType]
) -> list[str]:
    """Return the pinned packages for a pipeline that holds these types, some of this project.

    >>> requirements(None, ["collections.OrderedDict"], []) == requirements(pipeline, [], [])
    True
    """
    # a class of this project may wrap a library's estimator: its base classes count
    bases = [base.__module__ for kind in own for base in _bases(kind)]
    named = [one.package for one in _within(pipeline) if hasattr(one, "package")]
    roots = {name.split(".")[0] for name in [*types, *bases, *named]} - {"spaceship"}
    found = map(_distribution, roots - sys.stdlib_module_names)
    names = sorted({*SERVING_PACKAGES, *(name for name in found if name is not None)})
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


@cache
def _distribution(root: str) -> str | None:
    """Return the package that a module was installed with; to search all of them takes 0.2 s."""
    name = _INSTALLED_AS.get(root, root)
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.distribution(name).name
    return next(iter(importlib.metadata.packages_distributions().get(root, ())), None)


def _within(value: object) -> Iterator[object]:
    """Yield the estimators inside a fitted one, itself included."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _within(item)
    elif isinstance(value, BaseEstimator):
        yield value
        for item in vars(value).values():
            yield from _within(item)


def _bases(kind: type | FunctionType) -> tuple[type | FunctionType, ...]:
    return kind.__mro__ if isinstance(kind, type) else (kind,)
