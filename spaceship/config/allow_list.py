"""Allow list of targets: the classes that a config may name, and the functions of `mode=`.

Hydra's own block list stops known evils only: `joblib.load` and `pandas.read_pickle`, which run
whatever a file says, are not on it. What counts is the module an object is defined in, not the
name that leads to it. A project extends the list in its `pyproject.toml`, no command line does:

    [tool.spaceship]
    allowed-targets = ["mypackage."]
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spaceship.config.installation import PACKAGE
from spaceship.errors import ConfigError

_LIBRARIES = ("sklearn.", "lightgbm.", "catboost.", "xgboost.", "optuna.")
ALLOWED = ("spaceship.", *_LIBRARIES, "hydra_plugins.spaceship_optuna.")
"""Prefixes of the modules whose classes a config may name, in every project."""
VERBS = "spaceship.mode."
"""Prefix of the modules whose functions `mode=` may name."""
PYPROJECT = PACKAGE.parent / "pyproject.toml"
"""File that extends the list; a wheel and the code inside a stored model have none."""

_HYDRA = ("hydra.", "hydra_plugins.", "hydra_ray_launcher.", "logging.", "colorlog.")
_MADE_BY_HYDRA = ("callbacks", "launcher", "sweeper", "hydra_logging", "job_logging")
_NAMING_KEYS = ("_target_", "()", "class")  # Hydra's, and those of Python's logging


def check_classes(
    node: object, keys: tuple[str, ...] = ("_target_",), more: tuple[str, ...] = ()
) -> None:
    """Raise ConfigError unless each target in a node is a class of an allowed module.

    Args:
        node: Plain or of OmegaConf; interpolations are followed as far as they resolve by now.
        keys: Keys whose values are targets.
        more: Prefixes that are allowed here besides.

    >>> check_classes({"_target_": "sklearn.svm.SVC", "C": 2})
    >>> check_classes({"deep": [{"_target_": "joblib.load"}]})
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ that is a class under one of spaceship., ...

    """
    prefixes = (*ALLOWED, *own_prefixes(PYPROJECT), *more)
    for target in _targets(node, keys):
        found = _find(target, prefixes)
        if isinstance(found, Exception) or (inspect.isclass(found) and _is_home(found, prefixes)):
            continue  # what cannot be found is reported by whoever makes it
        message = f"expected a _target_ that is a class under one of {', '.join(prefixes)}; found"
        kind = f"a {type(found).__name__} of {getattr(found, '__module__', None)}"
        shown = repr(target) if found is None else f"{target!r} (which is {kind})"
        raise ConfigError(f"{message} {shown}; tool.spaceship in pyproject.toml adds")


def check_hydra(config: DictConfig) -> None:
    """Raise ConfigError if Hydra's own node makes callbacks, loggers, … of foreign classes.

    >>> node = {"hydra": {"callbacks": {"x": {"_target_": "logging.io.open"}}}}
    >>> check_hydra(OmegaConf.create(node))
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ that is a class under one of spaceship., ...
    """
    nodes = [OmegaConf.select(config, f"hydra.{name}") for name in _MADE_BY_HYDRA]
    check_classes(nodes, _NAMING_KEYS, _HYDRA)


def verb(target: object) -> FunctionType:
    """Return the function that a mode names; ConfigError unless it is one of a module for modes.

    >>> verb("spaceship.mode.train.train").__name__
    'train'
    """
    prefixes = (VERBS, *own_prefixes(PYPROJECT))
    found = _find(str(target), prefixes)
    if isinstance(found, FunctionType) and _is_home(found, prefixes):
        return found
    message = f"expected mode._target_ to be a function under {', '.join(prefixes)}; found"
    reason = f" ({found})" if isinstance(found, Exception) else ""
    raise ConfigError(f"{message} {target!r}{reason}; choose one of configs/mode with mode=NAME")


@cache
def own_prefixes(pyproject: Path) -> tuple[str, ...]:
    """Return the prefixes that a project's `pyproject.toml` adds to the list.

    >>> own_prefixes(Path("no such file"))
    ()
    """
    import tomllib

    if not pyproject.is_file():
        return ()
    tools = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    own = tools.get("spaceship", {}).get("allowed-targets", [])
    if isinstance(own, list) and all(isinstance(one, str) and one[1:].endswith(".") for one in own):
        return tuple(own)
    message = f"expected tool.spaceship.allowed-targets to be a list of prefixes, found {own!r}"
    raise ConfigError(f"{message}; write each like 'mypackage.' in pyproject.toml")


def _find(target: str, prefixes: tuple[str, ...]) -> object:
    """Return the object, None if its name has another prefix, the error if it cannot be found."""
    try:
        return resolve_name(target) if target.startswith(prefixes) else None
    except Exception as error:  # noqa: BLE001 - of whatever the import runs
        return error


def _is_home(thing: object, prefixes: tuple[str, ...]) -> bool:
    return f"{getattr(thing, '__module__', None)}.".startswith(prefixes)


def _targets(node: object, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, Mapping | list | tuple | ListConfig):
        for key in node if isinstance(node, Mapping) else range(len(node)):
            try:
                value = node[key]
            except OmegaConfBaseException:  # Hydra cannot use it either
                continue
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from _targets(value, keys)
