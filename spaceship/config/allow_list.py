"""What a config may name: classes under an explicit list of prefixes, and the verbs of `mode=`.

Hydra's own block list stops only known evils: `joblib.load` and `pandas.read_pickle`, which run
whatever a file says, are not on it. The list here is the project's to extend, in `pyproject.toml`,
and not the command line's:

    [tool.spaceship]
    allowed-targets = ["mypackage."]
"""

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType
from typing import Any

from omegaconf import DictConfig, OmegaConf

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
"""Prefixes of the classes that a config may name, in every project."""
VERBS = "spaceship.mode."
"""Prefix of the functions that a config may name."""
_HYDRAS = ("hydra.", "hydra_plugins.", "hydra_ray_launcher.", "logging.", "colorlog.")
"""Prefixes of what Hydra's own node may name as well."""
_NAMING = ("_target_", "()", "class")
"""Keys that name something to be made: Hydra's, and those of Python's logging configuration."""
_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def allowed() -> tuple[str, ...]:
    """Return the prefixes a config may use, the project's own among them.

    Raises:
        ConfigError: `pyproject.toml` lists something that is no prefix of a package.

    """
    if not _PROJECT.is_file():  # code that travels with a model comes without it
        return ALLOWED
    tools = tomllib.loads(_PROJECT.read_text(encoding="utf-8")).get("tool", {})
    own = tools.get("spaceship", {}).get("allowed-targets", [])
    wrong = not isinstance(own, list) or not all(
        isinstance(prefix, str) and prefix.endswith(".") and len(prefix) > 1 for prefix in own
    )
    if wrong:
        message = f"expected tool.spaceship.allowed-targets to be a list of prefixes, found {own!r}"
        raise ConfigError(f"{message}; write each like 'mypackage.' in pyproject.toml")
    return (*ALLOWED, *own)


def check_classes(node: Any) -> None:
    """Refuse a node, resolved, that names anything but classes under the allowed prefixes.

    Raises:
        ConfigError: It does.

    """
    for target in _named(node, ("_target_",)):
        found = _found(target)
        if isinstance(found, str):
            _refuse_unless(found.startswith(allowed()), target, found, allowed())
        elif not inspect.isclass(found):
            message = f"expected a _target_ that is a class, found {target!r}"
            raise ConfigError(f"{message}; name the class itself")


def verb(target: object) -> FunctionType:
    """Return the function that a mode names.

    Raises:
        ConfigError: It is no function of a module under `VERBS`, or under a prefix of the project.

    """
    prefixes = (VERBS, *(prefix for prefix in allowed() if prefix not in ALLOWED))
    found: object = None
    detail = ""
    if str(target).startswith(prefixes):
        try:
            found = resolve_name(str(target))
        except (AttributeError, ImportError, ValueError) as error:
            detail = f" ({error})"
    if isinstance(found, FunctionType) and f"{found.__module__}.".startswith(prefixes):
        return found
    wanted = f"expected mode._target_ to be a function under {', '.join(prefixes)}"
    message = f"{wanted}; found {target!r}{detail}"
    raise ConfigError(f"{message}; choose one of configs/mode with mode=NAME")


def check_hydra(config: DictConfig) -> None:
    """Refuse a composed config whose Hydra node would make something foreign.

    Hydra makes callbacks, and Python's logging its handlers, before any code of a project runs.

    Raises:
        ConfigError: It would.

    """
    prefixes = (*allowed(), *_HYDRAS)
    node = OmegaConf.to_container(config.hydra, resolve=False)
    for target in _named(node, _NAMING):
        _refuse_unless(target.startswith(prefixes), target, target, prefixes)


def _refuse_unless(fine: bool, target: str, found: str, prefixes: tuple[str, ...]) -> None:  # noqa: FBT001
    if not fine:
        message = f"expected a _target_ under one of {', '.join(prefixes)}; found {target!r}"
        home = "" if found == target else f" (which is {found})"
        raise ConfigError(f"{message}{home}; tool.spaceship in pyproject.toml may allow more")


def _found(target: str) -> Any:
    """Return what a target names, or its full name if it is defined under another prefix.

    A module's own imports are attributes of it, too. What is not there is left to be told of by
    whoever makes it.
    """
    if not target.startswith(allowed()):
        return target
    try:
        thing = resolve_name(target)
    except Exception:  # noqa: BLE001 - building it will tell what is wrong
        return target
    module = thing.__name__ if inspect.ismodule(thing) else getattr(thing, "__module__", None)
    home = f"{module}."
    return thing if module is None or home.startswith(allowed()) else home


def _named(plain: Any, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(plain, Mapping):
        for key, value in plain.items():
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from _named(value, keys)
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from _named(value, keys)
