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
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spaceship.config.installation import PACKAGE
from spaceship.errors import ConfigError

ALLOWED = (
    "spaceship.",
    "sklearn.",
    "lightgbm.",
    "catboost.",
    "xgboost.",
    "optuna.",
    "hydra_plugins.spaceship_optuna.",
)
"""Prefixes of the modules whose classes a config may name, in every project."""
VERBS = "spaceship.mode."
"""Prefix of the modules whose functions `mode=` may name."""
PYPROJECT = PACKAGE.parent / "pyproject.toml"
"""File that extends the list; a wheel and the code inside a stored model have none."""

_HYDRA = ("hydra.", "hydra_plugins.", "hydra_ray_launcher.", "logging.", "colorlog.")
_MADE_BY_HYDRA = ("callbacks", "launcher", "sweeper", "hydra_logging", "job_logging")
_NAMING_KEYS = ("_target_", "()", "class")  # Hydra's, and those of Python's logging


def allowed() -> tuple[str, ...]:
    """Return the prefixes a config may use, those of `pyproject.toml` among them.

    >>> "sklearn." in allowed()
    True
    """
    return (*ALLOWED, *_own_prefixes(PYPROJECT))


def check_classes(node: Any) -> None:
    """Raise ConfigError unless each `_target_` in a resolved node is a class on the allow list.

    >>> check_classes({"_target_": "sklearn.svm.SVC", "C": 2})
    >>> check_classes({"deep": [{"_target_": "joblib.load"}]})
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ that is a class under one of spaceship., ...
    """
    _check(_targets(node, ("_target_",)), allowed())


def check_hydra(config: DictConfig) -> None:
    """Raise ConfigError if Hydra's own node makes callbacks, loggers, … of foreign classes.

    >>> node = {"hydra": {"callbacks": {"x": {"_target_": "logging.io.open"}}}}
    >>> check_hydra(OmegaConf.create(node))
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ that is a class under one of spaceship., ...
    """
    for name in _MADE_BY_HYDRA:
        node = OmegaConf.select(config, f"hydra.{name}")
        _check(_targets(node, _NAMING_KEYS), (*allowed(), *_HYDRA))


def verb(target: object) -> FunctionType:
    """Return the function that a mode names; ConfigError unless it is one of a module for modes.

    >>> verb("spaceship.mode.train.train").__name__
    'train'
    """
    prefixes = (VERBS, *_own_prefixes(PYPROJECT))
    found, reason = None, ""
    if str(target).startswith(prefixes):
        try:
            found = resolve_name(str(target))
        except (AttributeError, ImportError, ValueError) as error:
            reason = f" ({error})"
    if isinstance(found, FunctionType) and _is_home(found, prefixes):
        return found
    message = f"expected mode._target_ to be a function under {', '.join(prefixes)}; found"
    raise ConfigError(f"{message} {target!r}{reason}; choose one of configs/mode with mode=NAME")


@cache
def _own_prefixes(pyproject: Path) -> tuple[str, ...]:
    import tomllib

    if not pyproject.is_file():
        return ()
    tools = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    own = tools.get("spaceship", {}).get("allowed-targets", [])
    if isinstance(own, list) and all(isinstance(one, str) and one[1:].endswith(".") for one in own):
        return tuple(own)
    message = f"expected tool.spaceship.allowed-targets to be a list of prefixes, found {own!r}"
    raise ConfigError(f"{message}; write each like 'mypackage.' in pyproject.toml")


def _check(targets: Iterator[str], prefixes: tuple[str, ...]) -> None:
    for target in targets:
        found: Any = None
        if target.startswith(prefixes):
            try:
                found = resolve_name(target)
            except Exception:  # noqa: BLE001, S112 - whoever makes it reports what is wrong
                continue
        if not (inspect.isclass(found) and _is_home(found, prefixes)):
            message = f"expected a _target_ that is a class under one of {', '.join(prefixes)}"
            kind, home = type(found).__name__, getattr(found, "__module__", None)
            shown = repr(target) if found is None else f"{target!r} (which is a {kind} of {home})"
            raise ConfigError(f"{message}; found {shown}; tool.spaceship in pyproject.toml adds")


def _is_home(thing: object, prefixes: tuple[str, ...]) -> bool:
    return f"{getattr(thing, '__module__', None)}.".startswith(prefixes)


def _targets(node: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """Yield each target at or below a node, through interpolations that resolve by now."""
    if isinstance(node, Mapping):
        for key in node:
            value = _value(node, key)
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from _targets(value, keys)
    elif isinstance(node, list | tuple | ListConfig):
        for place in range(len(node)):
            yield from _targets(_value(node, place), keys)


def _value(node: Any, key: Any) -> Any:
    try:
        return node[key]
    except OmegaConfBaseException:
        return None
