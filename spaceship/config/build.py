"""Objects from config nodes: the one place that instantiates, and plain values of a node."""

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spaceship.config.allow_list import check_classes, verb
from spaceship.config.installation import checkout
from spaceship.errors import ConfigError, MissingDependencyError, SpaceshipError

WORKERS_VARIABLE = "SPACESHIP_WORKERS"
"""Environment variable that tells a sweep's worker how many share the cores."""

_URI_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")


def build(node: DictConfig | Mapping[str, Any], **kwargs: Any) -> Any:
    """Return the object a config node describes by its `_target_`, nodes inside it built too.

    Args:
        node: A config node with a `_target_`.
        **kwargs: Further arguments of the target; they win over the node's.

    Raises:
        ConfigError: The target is not on the allow list or does not take these arguments.
        MissingDependencyError: The target's package is not installed.

    >>> build({"_target_": "sklearn.svm.SVC", "C": 2.0}, kernel="linear")
    SVC(C=2.0, kernel='linear')

    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    if not isinstance(node, DictConfig | Mapping):
        message = f"expected a config with a _target_, found {node!r}; give it back its default"
        raise ConfigError(message)
    plain = dict(resolved(node))
    check_classes(plain)
    if plain.get("_partial_"):
        message = f"expected _partial_=false beside _target_={plain.get('_target_')}, found true"
        raise ConfigError(f"{message}; leave it out")
    try:
        return instantiate(plain, _convert_="all", **kwargs)
    except InstantiationException as error:
        raise _mendable(error, plain.get("_target_")) from error


def call(node: DictConfig, cfg: DictConfig) -> Any:
    """Return the result of the verb function that a mode's node names, called on the whole config.

    >>> call(OmegaConf.create({"_target_": "os.getcwd"}), OmegaConf.create())
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected mode._target_ to be a function under spaceship.mode.; ...
    """
    return verb(node.get("_target_") if isinstance(node, DictConfig) else node)(cfg)


def resolved(node: Any) -> Any:
    """Return the node as plain dicts and lists with every interpolation resolved.

    Raises:
        ConfigError: An interpolation leads nowhere, or a mandatory value is missing.

    >>> resolved(OmegaConf.create({"seed": 1, "folds": {"seed": "${seed}"}}))
    {'seed': 1, 'folds': {'seed': 1}}

    """
    if not isinstance(node, DictConfig | ListConfig):
        return node
    try:
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        message = f"expected a config that resolves, found: {error}; set it on the command line"
        raise ConfigError(message) from error


def settings(cfg: DictConfig, section: str, *names: str) -> list[Any]:
    """Return the values of a section that has these settings and no other, in the order named.

    Raises:
        ConfigError: One is missing or unknown, or the section does not resolve.

    >>> settings(OmegaConf.create({"split": {"n_folds": 5}}), "split", "n_folds")
    [5]

    """
    found = resolved(cfg.get(section))
    if not isinstance(found, dict) or set(found) != set(names):
        shown = ", ".join(map(str, found)) if isinstance(found, dict) else repr(found)
        message = f"expected {section} to have {', '.join(names)}, found {shown}"
        raise ConfigError(f"{message}; leave out what replaces it, or adds (+) or deletes (~) one")
    return [found[name] for name in names]


def redact(text: str) -> str:
    """Return the text with passwords inside URIs replaced by `***`."""
    return _URI_PASSWORD.sub(r"\1:***", text)


def flatten(plain: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested mappings as one mapping from dotted keys to text."""
    flat: dict[str, str] = {}
    for key, value in plain.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{dotted}.")
        else:
            flat[dotted] = str(value)
    return flat


def usable_cores() -> int:
    """Return how many cores this process may use, which a container may limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _mendable(error: BaseException, target: object) -> SpaceshipError:
    """Return the error to raise: the target's own for users, or one that names the target."""
    if isinstance(error.__cause__, SpaceshipError):
        return error.__cause__
    while error.__cause__ is not None:
        error = error.__cause__
    package = (error.name or "").split(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package and find_spec(package) is None:  # else a module of an installed package is misspelt
        extra = f'"spaceship[{package}]"' if checkout() is None else f'-e ".[{package}]"'
        message = f"{target} needs the package {package}; run: pip install {extra}"
        return MissingDependencyError(message)
    return ConfigError(f"{target} cannot be built from its config: {error}")
