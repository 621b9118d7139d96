"""Allow list of targets: the classes that a config may name, and the functions of `mode=`.

Hydra's own block list stops known evils only: `joblib.load` and `pandas.read_pickle`, which run
whatever a file says, are not on it. In Hydra's own node, names are compared as they are. Elsewhere
a name must begin with a prefix of this list, so that nothing else is imported, and its object must
be a class that is defined under one. A project extends the list in its `pyproject.toml`:

    [tool.spaceship]
    allowed-targets = ["mypackage."]
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from omegaconf import ListConfig
from omegaconf.errors import OmegaConfBaseException

from spaceship._upstream import located
from spaceship.config.installation import PACKAGE, configs, yaml_text
from spaceship.errors import ConfigError, expected

_ROOMS = ("data", "engine", "features", "gate", "model", "task")
_ESTIMATORS = ("lightgbm.", "catboost.", "xgboost.")
ALLOWED = (*(f"spaceship.{room}." for room in _ROOMS), "sklearn.", *_ESTIMATORS)
"""Prefixes of the modules whose classes a config may name, in every project."""
VERBS = "spaceship.mode."
"""Prefix of the modules whose functions `mode=` may name."""
PYPROJECT = PACKAGE.parent / "pyproject.toml"
"""File that extends the list; a wheel and the code inside a stored model have none."""

_PLUGIN = "hydra_plugins.hydra_"
_LOGGING = (
    *(f"logging.{name}" for name in ("StreamHandler", "FileHandler", "NullHandler", "Formatter")),
    "colorlog.ColoredFormatter",
    "spaceship.cli.log_lines.ScreenHandler",
)
_HYDRA = {
    "callbacks": ("spaceship.callbacks.mlflow.MLflowCallback",),
    "launcher": (
        "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
        f"{_PLUGIN}joblib_launcher.joblib_launcher.JoblibLauncher",
        f"{_PLUGIN}submitit_launcher.submitit_launcher.LocalLauncher",
        f"{_PLUGIN}submitit_launcher.submitit_launcher.SlurmLauncher",
        "hydra_plugins.spaceship_ray.launcher.RayLauncher",
    ),
    "sweeper": (
        "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
        "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper",
        "hydra_plugins.spaceship_optuna._pruner.PairedWilcoxonPruner",
        *("optuna.samplers.CLASS", "optuna.pruners.CLASS"),
    ),
    "job_logging": _LOGGING,
    "hydra_logging": _LOGGING,
}
"""Exact names that Hydra's own node may hold, by what Hydra makes of them."""
_NAMING_KEYS = ("_target_", "()", "class")  # Hydra's, and those of Python's logging
_STREAMS = ("ext://sys.stdout", "ext://sys.stderr")
_FILES = (
    *("memory", "train_dir", "snapshot_file", "model_file"),
    *("input_borders", "output_borders"),  # of CatBoost
)
"""Arguments of estimators that name files: caches are read as pickles, logs written anywhere."""
_UNKNOWN = "${unknown}"  # in place of an interpolation that does not resolve yet


def check_classes(node: object) -> None:
    """Raise ConfigError unless each `_target_` in a node is a class of an allowed module.

    Interpolations are followed as far as they resolve by now.

    >>> check_classes({"_target_": "sklearn.svm.SVC", "C": 2})
    >>> check_classes({"deep": [{"_target_": "joblib.load"}]})
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ that is a class under one of spaceship.data...
    """
    for mapping in _mappings(node):
        target = _value(mapping, "_target_")
        if isinstance(target, str) and target != _UNKNOWN:
            _check_class(target)
            for name in _FILES:
                if _value(mapping, name) is not None:
                    found = f"{name}={_value(mapping, name)!r}"
                    raise ConfigError(expected(f"no file in {target}", found, "leave it out"))


def check_config(config: Mapping[str, object]) -> None:
    """Raise ConfigError if a composed config, Hydra's own node included, names a foreign class.

    >>> check_config({"hydra": {"callbacks": {"x": {"_target_": "logging.io.open"}}}})
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a _target_ in hydra.callbacks that is a class of ...
    """
    for key in config:
        value = _value(config, key)
        if key == "hydra":
            for part, known in _HYDRA.items() if isinstance(value, Mapping) else ():
                _check_hydra(part, known, _value(value, part))
        elif key == "mode" and isinstance(value, Mapping):
            if (target := _value(value, "_target_")) not in _shipped():
                verb(target)
            check_classes([_value(value, one) for one in value])
        else:
            check_classes(value)


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


def verb_of(mode: object) -> FunctionType:
    """Return the function that a node of the group `mode` names; see `verb`.

    >>> verb_of({"_target_": "spaceship.mode.train.train"}).__name__
    'train'
    """
    return verb(mode.get("_target_") if isinstance(mode, Mapping) else mode)


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


def _check_class(target: str) -> None:
    """Raise ConfigError unless a target is a class of an allowed module, by the object it names."""
    if target in _shipped():
        return  # so that `--help` imports no estimator
    prefixes = (*ALLOWED, *own_prefixes(PYPROJECT))
    found = _find(target, prefixes)
    if isinstance(found, Exception):
        return  # what cannot be found is reported by whoever makes it
    # other classes of the estimators' packages open files and sockets
    harmless = hasattr(found, "get_params") or not _is_home(found, _ESTIMATORS)
    if inspect.isclass(found) and _is_home(found, prefixes) and harmless:
        return
    message = f"expected a _target_ that is a class under one of {', '.join(prefixes)}; found"
    kind = f"a {type(found).__name__} of {getattr(found, '__module__', None)}"
    shown = repr(target) if found is None else f"{target!r} (which is {kind})"
    raise ConfigError(f"{message} {shown}; tool.spaceship in pyproject.toml adds")


def _check_hydra(part: str, known: tuple[str, ...], node: object) -> None:
    """Raise ConfigError unless the names in a part of Hydra's node are known ones."""
    for mapping in _mappings(node):
        for key in mapping:
            value = _value(mapping, key)
            is_import = isinstance(value, str) and value.startswith(("ext://", "cfg://"))
            if (key not in _NAMING_KEYS or value is None) and not is_import:
                continue
            names, module = _STREAMS if is_import else known, str(value).rpartition(".")[0]
            if value in names or f"{module}.CLASS" in names or _is_own(str(value)):
                continue
            wanted = f"a {key} in hydra.{part} that is a class of {', '.join(names)}"
            raise ConfigError(expected(wanted, repr(value), "leave it out"))


def _is_own(target: str) -> bool:
    return any(target.startswith(prefix) for prefix in own_prefixes(PYPROJECT))


@cache
def _shipped() -> frozenset[str]:
    """Return the targets of the shipped YAML files, each choice of `${kind:…}` by itself."""
    found = set()
    for path in configs().rglob("*.yaml"):
        for target in re.findall(r"_target_: (\S+)", yaml_text(path)):
            before, _, rest = target.partition("${kind:")
            choices, _, after = rest.partition("}")
            found |= {before + one.strip(" '") + after for one in choices.split(",")}
    return frozenset(found)


def _find(target: str, prefixes: tuple[str, ...]) -> object:
    """Return the object, None if its name has another prefix, the error if it cannot be found."""
    try:
        return located(target) if target.startswith(prefixes) else None
    except Exception as error:  # noqa: BLE001 - of whatever the import runs
        return error


def _is_home(thing: object, prefixes: tuple[str, ...]) -> bool:
    return f"{getattr(thing, '__module__', None)}.".startswith(prefixes)


def _mappings(node: object) -> Iterator[Mapping[str, object]]:
    if isinstance(node, Mapping):
        yield node
    if isinstance(node, Mapping | list | tuple | ListConfig):
        for key in node if isinstance(node, Mapping) else range(len(node)):
            yield from _mappings(_value(node, key))


def _value(node: Any, key: object) -> object:
    """Return a value of a mapping or a list; None if the key is missing."""
    if isinstance(node, Mapping) and key not in node.keys():  # noqa: SIM118 - unresolved ones count
        return None
    try:
        return node[key]
    except OmegaConfBaseException:
        return _UNKNOWN
