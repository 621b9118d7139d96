"""From config to objects: resolvers, the one place that instantiates, and what may be logged."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spaceship.config.allow_list import check_classes, verb
from spaceship.config.moved import with_present_targets
from spaceship.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
"""The project's root folder: `configs` and the default `outputs` lie in it."""

WORKERS_VARIABLE = "SPACESHIP_WORKERS"
"""Environment variable that tells a sweep's worker how many share the cores."""

_URI_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")


def register_resolvers() -> None:
    """Register `${project_root:}`, `${abspath:PATH}` and `${cores:}` with OmegaConf."""
    OmegaConf.register_new_resolver("project_root", lambda: str(ROOT), replace=True)
    OmegaConf.register_new_resolver("abspath", _abspath, replace=True)
    OmegaConf.register_new_resolver("cores", _cores, replace=True)


def build(node: DictConfig | Mapping[str, Any], **kwargs: Any) -> Any:
    """Return the object a config node describes by its `_target_`.

    Args:
        node: A config node with a `_target_`; nodes inside it are built too.
        **kwargs: Further arguments of the target; they win over the node's.

    Raises:
        ConfigError: The target is no class under an allowed prefix, does not take these arguments,
            or is to be called later.

    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    if not isinstance(node, DictConfig | Mapping):
        message = f"expected a config with a _target_, found {node!r}; give it back its default"
        raise ConfigError(message)
    plain = with_present_targets(dict(resolved(node)))
    check_classes(plain)
    if plain.get("_partial_"):
        message = f"expected _partial_=false beside _target_={plain.get('_target_')}, found true"
        raise ConfigError(f"{message}; leave it out")
    try:
        return instantiate(plain, _convert_="all", **kwargs)
    except InstantiationException as error:
        raise _mendable(error, plain) from error


def call(node: DictConfig, cfg: DictConfig) -> Any:
    """Return what the verb function named by the node's `_target_` returns for the whole config.

    Raises:
        ConfigError: The target is no function of a module under `spaceship.mode`.

    """
    return verb(node.get("_target_") if isinstance(node, DictConfig) else node)(cfg)


def resolved(node: Any) -> Any:
    """Return the node as plain dicts and lists with every interpolation resolved.

    Raises:
        ConfigError: An interpolation leads nowhere, or a mandatory value is missing.

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

    """
    found = resolved(cfg.get(section))
    if not isinstance(found, dict) or set(found) != set(names):
        shown = ", ".join(map(str, found)) if isinstance(found, dict) else repr(found)
        message = f"expected {section} to have {', '.join(names)}, found {shown}"
        raise ConfigError(f"{message}; leave out what replaces it, or adds (+) or deletes (~) one")
    return [found[name] for name in names]


def loggable(cfg: DictConfig) -> dict[str, Any]:
    """Return the config resolved, but with the values of environment variables left out.

    Wherever an `${oc.env:NAME}` leads, that text stands in place of the value, and passwords inside
    URIs become `***`, so that the result may be logged and stored.
    """
    with _environment_hidden():
        try:
            plain = OmegaConf.to_container(cfg, resolve=True)
        except OmegaConfBaseException:  # a resolver that cannot work on a name for a value
            plain = OmegaConf.to_container(cfg, resolve=False)
    return dict(_redacted(plain))


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


@contextmanager
def _environment_hidden() -> Iterator[None]:
    """Make `${oc.env:NAME}` resolve to its own text: what cannot be read cannot leak."""
    from omegaconf.resolvers import oc

    def hidden(name: str, *default: Any) -> Any:
        return f"${{oc.env:{name}}}" if name in os.environ else oc.env(name, *default)

    OmegaConf.register_new_resolver("oc.env", hidden, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _mendable(error: Exception, plain: Mapping[str, Any]) -> Exception:
    """Return the error to raise: what the user caused, or a message that names the target."""
    from spaceship.errors import MissingDependencyError, SpaceshipError

    cause = error.__cause__
    if isinstance(cause, SpaceshipError):
        return cause
    root = cause or error
    while root.__cause__ is not None:
        root = root.__cause__
    target = plain.get("_target_")
    package = root.name.split(".")[0] if isinstance(root, ModuleNotFoundError) and root.name else ""
    if package and find_spec(package) is None:  # else a module of an installed package is misspelt
        install = f'pip install -e ".[{package}]"'
        return MissingDependencyError(f"{target} needs the package {package}; run: {install}")
    return ConfigError(f"{target} cannot be built from its config: {root}")


def _abspath(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def usable_cores() -> int:
    """Return how many cores this process may use, which a container may limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cores() -> int:
    """Return this process's share of the cores: a sweep's workers divide them among themselves."""
    return max(1, usable_cores() // int(os.environ.get(WORKERS_VARIABLE, "1")))
