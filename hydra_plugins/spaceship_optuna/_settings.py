"""What the sweeper is told, checked before anything runs: nothing is ignored in silence."""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna._study import LAST, checked_name
from hydra_plugins.spaceship_optuna.config import DEFAULT_PRUNER, PRUNERS
from spaceship.config.build import build, usable_cores
from spaceship.errors import ConfigError, MissingDependencyError
from spaceship.evaluation.metrics import direction as metric_direction
from spaceship.evaluation.metrics import names_of

log = logging.getLogger(__name__)

_BOUNDS: dict[str, tuple[type, float, float]] = {
    "n_trials": (int, 1, float("inf")),
    "min_trials_per_candidate": (int, 1, float("inf")),
    "max_failure_rate": (float, 0, 1),
    "timeout": (float, 1e-9, float("inf")),
    "n_jobs": (int, 1, float("inf")),
}
_OPTIONAL = ("timeout", "n_jobs")
_NEEDS = {"CmaEsSampler": "cmaes", "GPSampler": "torch"}
_OF_NO_GRID = ("min_trials_per_candidate", "sampler.seed", "sampler.search_space")
_SUBDIR = "${hydra.job.num}"
_NO_PRUNER = {"_target_": "optuna.pruners.NopPruner"}


def checked(settings: Mapping[str, Any], config: DictConfig) -> dict[str, Any]:
    """Return the settings as plain values, or say which one cannot be used.

    Args:
        settings: `hydra.sweeper`.
        config: The multirun's config.

    Raises:
        ConfigError: A value is out of range, contradicts another one or would be ignored.
        MissingDependencyError: The sampler needs a package that is not installed.

    """
    plain = {
        key: OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        for key, value in settings.items()
    }
    if plain["n_jobs"] == -1:
        plain["n_jobs"] = usable_cores()
    for key, (kind, least, most) in _BOUNDS.items():
        _check_number(key, plain[key], kind, least, most)
    plain["direction"] = _directions(plain["direction"], config)
    _check_names(plain)
    _check_parts(plain, config)
    _check_unheard(plain, config)
    return plain


def n_workers(settings: Mapping[str, Any], launcher: DictConfig) -> int:
    """Return how many workers are asked for, of the launcher or of the sweeper; never idle ones.

    Raises:
        ConfigError: Several, of a launcher that runs one job after the other.

    """
    asked = settings["n_jobs"]
    if is_serial(launcher):
        if (asked or 1) > 1:
            message = f"expected a launcher for n_jobs={asked} workers, found hydra/launcher=basic"
            raise ConfigError(f"{message}, which has one; add hydra/launcher=joblib")
        return 1
    own = launcher.get("n_jobs") or launcher.get("array_parallelism") or 1
    if not isinstance(own, int):
        message = f"expected hydra.launcher.n_jobs to be a whole number, found {own!r}"
        raise ConfigError(f"{message}; -1 is one worker a core")
    workers, cores = int(asked or (own if own > 0 else usable_cores())), usable_cores()
    if "n_jobs" in launcher and workers > cores:
        log.warning("%d workers are asked for, %d run: there are no more cores.", workers, cores)
        workers = cores
    return min(workers, int(settings["n_trials"]))  # a cluster's default is hundreds


def is_serial(launcher: DictConfig) -> bool:
    """Tell whether a launcher runs one job after the other in this process."""
    return str(launcher._target_).endswith("BasicLauncher")


def metric_name(config: DictConfig) -> str:
    """Return what the first objective is called; a sweep that names no metric has a value."""
    metrics = OmegaConf.select(config, "objective.metric")
    return "value" if metrics is None else names_of(metrics)[0]


def is_grid(settings: Mapping[str, Any]) -> bool:
    """Tell whether every point is to be tried in turn."""
    return str(settings["sampler"].get("_target_")).endswith("GridSampler")


def _check_number(key: str, value: Any, kind: type, least: float, most: float) -> None:
    if value is None and key in _OPTIONAL:
        return
    wanted = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted) or not least <= value <= most:
        what = "a whole number" if kind is int else "a number"
        low = "more than 0" if 0 < least < 1 else f"at least {least}"
        bound = low + (f" and at most {most}" if most < float("inf") else "")
        message = f"expected hydra.sweeper.{key} to be {what} of {bound}, found {value!r}"
        raise ConfigError(message)


def _directions(direction: Any, config: DictConfig) -> list[str]:
    """Return the directions as told, else those that the objective's metrics declare."""
    metrics = OmegaConf.select(config, "objective.metric")
    declared = (
        [] if metrics is None else [str(metric_direction(name)) for name in names_of(metrics)]
    )
    if direction is None:
        return declared or ["minimize"]
    names = [str(one) for one in ([direction] if isinstance(direction, str) else list(direction))]
    if not names or set(names) - {"minimize", "maximize"}:
        message = f"expected hydra.sweeper.direction minimize or maximize, found {direction!r}"
        raise ConfigError(message)
    if declared and names != declared:
        message = f"expected {declared}, which objective.metric declares, found direction={names}"
        raise ConfigError(f"{message}; drop hydra.sweeper.direction")
    return names


def _check_names(plain: Mapping[str, Any]) -> None:
    resume, name = plain["resume"], plain["study_name"]
    if resume is not None and resume != LAST:
        checked_name(str(resume))
    if name is not None:
        checked_name(str(name))
    if resume and name and resume != name:
        message = "expected hydra.sweeper.resume or study_name, found both, of different names"
        raise ConfigError(f"{message}; drop study_name")


def _check_parts(plain: dict[str, Any], config: DictConfig) -> None:
    """Build sampler and pruner once, so that what is wrong with them is told now."""
    for part in ("sampler", "pruner"):
        if not isinstance(plain[part], Mapping):
            message = f"expected hydra.sweeper.{part} with a _target_, found {plain[part]!r}"
            raise ConfigError(f"{message}; choose one with hydra/sweeper/{part}=NAME")
    if len(plain["direction"]) > 1:
        target = str(plain["pruner"].get("_target_"))
        default = plain["pruner"] == PRUNERS[DEFAULT_PRUNER] and not _is_asked_for(config, "pruner")
        if not target.endswith("NopPruner") and not default:
            message = f"expected one objective to prune by, found {len(plain['direction'])}"
            raise ConfigError(f"{message}; drop hydra/sweeper/pruner or choose nop")
        plain["pruner"] = _NO_PRUNER
    if not is_grid(plain):
        kind = str(plain["sampler"].get("_target_")).rpartition(".")[2]
        package = _NEEDS.get(kind)
        if package is not None and find_spec(package) is None:
            message = f"{kind} needs the package {package}; run: pip install {package}"
            raise MissingDependencyError(message)
        _check_kind(plain["sampler"], "sampler", "BaseSampler")
    _check_kind(plain["pruner"], "pruner", "BasePruner")
    if plain["custom_search_space"]:
        own_function(plain["custom_search_space"])


def _check_unheard(plain: Mapping[str, Any], config: DictConfig) -> None:
    """Refuse what this sweep would not go by."""
    subdir = OmegaConf.to_container(config.hydra.sweep, resolve=False).get("subdir")  # type: ignore[union-attr]
    if subdir != _SUBDIR:
        message = f"expected hydra.sweep.subdir={_SUBDIR}, as trials are numbered, found {subdir!r}"
        raise ConfigError(f"{message}; leave it out")
    unheard = [key for key in _OF_NO_GRID if is_grid(plain) and _is_asked_for(config, key)]
    if unheard:
        message = f"expected a sampler that draws for hydra.sweeper.{unheard[0]}, found grid"
        raise ConfigError(f"{message}, which tries every point; leave it out")


def check_budget(settings: Mapping[str, Any], n_candidates: int) -> None:
    """Say what the candidates do not get out of so few trials.

    Raises:
        ConfigError: Some would not be tried at all.

    """
    n_trials, minimum = settings["n_trials"], settings["min_trials_per_candidate"]
    if n_trials < n_candidates:
        message = (
            f"expected a trial for each of {n_candidates} candidates, found n_trials={n_trials}"
        )
        raise ConfigError(f"{message}; give hydra.sweeper.n_trials more or name fewer")
    if n_trials < n_candidates * minimum and not is_grid(settings):
        short = "n_trials=%d are too few for %d candidates with min_trials_per_candidate=%d."
        log.warning(short, n_trials, n_candidates, minimum)


def _check_kind(node: Mapping[str, Any], part: str, base: str) -> None:
    bases = [kind.__name__ for kind in type(build(node)).__mro__]
    if base not in bases:
        message = f"expected hydra.sweeper.{part}._target_ to be a {base}, found {bases[0]}"
        raise ConfigError(f"{message}; choose one with hydra/sweeper/{part}=NAME")


def own_function(path: str) -> Any:
    """Return the user's function of config and trial that `custom_search_space` names.

    Raises:
        ConfigError: There is none.

    """
    try:
        return get_method(path.lstrip("."))
    except Exception as error:
        message = f"expected a function in hydra.sweeper.custom_search_space, found {path!r}"
        raise ConfigError(f"{message}: {error}; give MODULE.FUNCTION") from error


def _is_asked_for(config: DictConfig, part: str) -> bool:
    given = [str(item).lstrip("+~") for item in config.hydra.overrides.hydra]
    prefixes = (f"hydra/sweeper/{part}", f"hydra.sweeper.{part}")
    return any(item.startswith(prefixes) for item in given)
