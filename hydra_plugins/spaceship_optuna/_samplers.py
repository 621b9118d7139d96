"""Samplers and pruners, built from their config nodes."""

from collections.abc import Mapping
from importlib.util import find_spec
from inspect import isclass
from pkgutil import resolve_name
from typing import Any

import optuna
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from hydra_plugins.spaceship_optuna._errors import (
    MissingPackageError,
    SettingsError,
    SweepError,
    mismatch,
)

_NEEDS = {"CmaEsSampler": "cmaes", "GPSampler": "torch"}
_KINDS: dict[str, type] = {"sampler": BaseSampler, "pruner": BasePruner}


class SamplerMaker:
    """Maker of the sampler of each trial in one process.

    With a seed, a trial's sampler is seeded from its number: a resumed study goes on instead of
    drawing the same points again, and two workers do not draw the same. A quasi-random sequence
    keeps its seed. Without a seed, one sampler serves all trials.
    """

    def __init__(self, node: Mapping[str, Any]) -> None:
        self._node = node
        self._unseeded: BaseSampler | None = None

    def __call__(self, number: int) -> BaseSampler:
        if is_grid(self._node):  # the queue holds every point already
            return optuna.samplers.RandomSampler()
        seed = self._node.get("seed")
        if seed is None:
            self._unseeded = self._unseeded or build("sampler", self._node)
            return self._unseeded
        if _class_name(self._node) != "QMCSampler":
            seed = (int(seed) * 1_000_003 + number) % 2**31
        return build("sampler", {**self._node, "seed": seed})  # type: ignore[no-any-return]


def is_grid(sampler: Mapping[str, object]) -> bool:
    """Return whether a sampler's node asks for every point in turn."""
    return _class_name(sampler) == "GridSampler"


def build(part: str, node: Any) -> Any:
    """Return the sampler or pruner, as `part` names it, of a config node with a `_target_`."""
    target = node.get("_target_") if isinstance(node, Mapping) else None
    setting, choose = f"hydra.sweeper.{part}", f"choose one with hydra/sweeper/{part}=NAME"
    if target is None:
        raise mismatch(f"{setting} with a _target_", repr(node), choose)
    package = _NEEDS.get(_class_name(node))
    if package is not None and find_spec(package) is None:
        raise _missing(_class_name(node), package)
    try:
        found, kind = resolve_name(str(target)), _KINDS[part]
        if isclass(found) and issubclass(found, kind):  # nothing else is called
            return instantiate({**node, "_partial_": False}, _convert_="all")
    except (AttributeError, ImportError, ValueError, InstantiationException) as error:
        raise _cause(error, f"{setting}._target_={target}") from None
    raise mismatch(f"{setting}._target_ to be a {kind.__name__}", target, choose)


def _cause(error: BaseException, setting: str) -> SweepError:
    """Return the error to raise: the plugin's own, or one that names the setting."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SweepError):
        return error
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if not find_spec(package):
            return _missing(setting, package)
    return SettingsError(f"expected {setting} that can be built from its config, found: {error}")


def _missing(what: str, package: str) -> MissingPackageError:
    return MissingPackageError(f"{what} needs the package {package}; run: pip install {package}")


def _class_name(node: object) -> str:
    return str(node.get("_target_")).rpartition(".")[2] if isinstance(node, Mapping) else ""
