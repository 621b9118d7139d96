"""Objects from config nodes: the one place that instantiates, and plain values of a node."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, TypeVar

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spaceship.config.allow_list import check_classes
from spaceship.config.installation import checkout
from spaceship.config.moved import with_present_targets
from spaceship.errors import ConfigError, MissingDependencyError, SpaceshipError

Made = TypeVar("Made")


def build(node: Mapping[str, object], **kwargs: object) -> Any:
    """Return the object a config node describes by its `_target_`, nodes inside it built too.

    Further arguments of the target win over the node's. Raise ConfigError if the target is not on
    the allow list or does not take them, MissingDependencyError if its package is not installed.

    >>> build({"_target_": "sklearn.svm.SVC", "C": 2.0}, kernel="linear")
    SVC(C=2.0, kernel='linear')
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    if not isinstance(node, Mapping):
        message = f"expected a config with a _target_, found {node!r}; give it back its default"
        raise ConfigError(message)
    plain = with_present_targets(dict(resolved(node)))
    check_classes(plain)
    if plain.get("_partial_"):
        message = f"expected _partial_=false beside _target_={plain.get('_target_')}, found true"
        raise ConfigError(f"{message}; leave it out")
    try:
        made = instantiate(plain, _convert_="all", **kwargs)
    except InstantiationException as error:
        raise _mendable(error, plain.get("_target_")) from error
    if hasattr(made, "get_params"):
        _check_clone(made, plain.get("_target_"))
    return made


def build_kind(node: Mapping[str, object], group: str, kind: type[Made]) -> Made:
    """Return the object of a group's node; raise ConfigError if it is of another kind.

    >>> build_kind({"_target_": "sklearn.svm.SVC"}, "gate", str)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected gate._target_ to be a str, found sklearn.svm.SVC; ...
    """
    made = build(node)
    if not isinstance(made, kind):
        message = f"expected {group}._target_ to be a {kind.__name__}, found {node['_target_']}"
        raise ConfigError(f"{message}; choose one of configs/{group} with {group}=NAME")
    return made


def resolved(node: object) -> Any:
    """Return the node as plain dicts and lists with every interpolation resolved.

    Raise ConfigError if an interpolation leads nowhere, or a mandatory value is missing.

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


def check_packages(node: object) -> None:
    """Raise MissingDependencyError if a package that a node's classes come from is not installed.

    >>> check_packages({"estimator": {"_target_": "xgboostt.XGBClassifier"}})
    Traceback (most recent call last):
    spaceship.errors.MissingDependencyError: xgboostt.XGBClassifier needs the package xgboostt; ...
    """
    if isinstance(node, Mapping):
        target = node.get("_target_")
        for one in (target, node.get("package")) if isinstance(target, str) else ():
            package = str(one or "").partition(".")[0]
            if package and find_spec(package) is None:
                raise _missing(package, target)
        for value in node.values():
            check_packages(value)


def _check_clone(estimator: object, target: object) -> None:
    """Raise ConfigError if an estimator changes its settings: each fold needs a copy of it."""
    from sklearn.base import clone

    try:
        clone(estimator)
    except (RuntimeError, TypeError) as error:
        found = str(error).rpartition(", as ")[2] or error
        message = f"expected settings of {target} that can be copied, found: {found}"
        raise ConfigError(f"{message}; write plain numbers and texts") from error


def _mendable(error: BaseException, target: object) -> SpaceshipError:
    """Return the error to raise: the target's own for users, or one that names the target."""
    if isinstance(error.__cause__, SpaceshipError):
        return error.__cause__
    while error.__cause__ is not None:
        error = error.__cause__
    package = (error.name or "").split(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package and find_spec(package) is None:  # else a module of an installed package is misspelt
        return _missing(package, target)
    return ConfigError(f"{target} cannot be built from its config: {error}")


def _missing(package: str, target: object) -> MissingDependencyError:
    extra = f'"spaceship[{package}]"' if checkout() is None else f'-e ".[{package}]"'
    return MissingDependencyError(f"{target} needs the package {package}; run: pip install {extra}")
