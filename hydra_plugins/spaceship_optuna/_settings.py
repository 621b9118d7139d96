"""Checks of `hydra.sweeper` before anything runs: no setting is ignored in silence."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf
from optuna.trial import Trial

from hydra_plugins.spaceship_optuna._errors import SettingsError, mismatch
from hydra_plugins.spaceship_optuna._hooks import Objective
from hydra_plugins.spaceship_optuna._samplers import build, is_grid
from hydra_plugins.spaceship_optuna._study import GO_ON, LAST, REFUSE, check_name
from hydra_plugins.spaceship_optuna.config import DEFAULT_PRUNER, PRUNERS, OptunaSweeperConf
from hydra_plugins.spaceship_optuna.process import usable_cores

log = logging.getLogger(__name__)

_RANGES = {
    "n_trials": (1, inf),
    "min_trials_per_candidate": (1, inf),
    "max_failure_rate": (0, 1),
    "n_jobs": (1, inf),
}
_OF_NO_GRID = ("min_trials_per_candidate", "sampler.seed", "sampler.search_space")
_SUBDIR = "${hydra.job.num}"


@dataclass
class Settings(OptunaSweeperConf):
    """The checked settings, with the objectives that they and the host describe."""

    objectives: Sequence[Objective] = ()

    @property
    def directions(self) -> list[str]:
        return [objective.direction for objective in self.objectives]

    @property
    def most_failures(self) -> float:
        return self.max_failure_rate * self.n_trials

    @property
    def grid(self) -> bool:
        return is_grid(self.sampler)


def check_settings(
    settings: Mapping[str, object], config: DictConfig, declared: Sequence[Objective] = ()
) -> Settings:
    """Return plain settings; raise for values out of range, in conflict or without effect."""
    node: Any = OmegaConf.to_container(OmegaConf.create(dict(settings)), resolve=True)
    plain = Settings(**node)
    if plain.n_jobs == -1:
        plain.n_jobs = usable_cores()
    for key, (least, most) in _RANGES.items():
        value = getattr(plain, key)
        if value is not None and not least <= value <= most:
            bounds = f"at least {least}" + (f" and at most {most}" if most < inf else "")
            wanted = f"hydra.sweeper.{key} to be a number of {bounds}"
            raise SettingsError(f"expected {wanted}, found {value!r}")
    for key in ("timeout", "trial_timeout"):
        value = getattr(plain, key)
        if value is not None and not 0 < value < inf:
            wanted = f"hydra.sweeper.{key} to be a number of seconds above 0"
            raise mismatch(wanted, repr(value), "leave it out for no limit")
    if plain.on_code_change not in {REFUSE, GO_ON}:
        wanted = f"hydra.sweeper.on_code_change to be {REFUSE} or {GO_ON}"
        raise mismatch(wanted, repr(plain.on_code_change), "leave it out")
    plain.objectives = _objectives(plain.direction, declared)
    resume, name = plain.resume, plain.study_name
    for one in {resume, name} - {None, LAST if resume == LAST else None}:
        check_name(str(one))
    if resume and name and resume != name:
        wanted = "hydra.sweeper.resume or study_name"
        raise mismatch(wanted, "both, of different names", "drop study_name")
    _check_parts(plain, config)
    _check_ignored(plain, config)
    return plain


def n_workers(settings: OptunaSweeperConf, launcher: DictConfig | None) -> int:
    """Return the number of workers that the settings ask for: no idle ones, one if serial."""
    if not launcher or "_target_" not in launcher:
        found = f"hydra.launcher={launcher or 'null'}"
        raise mismatch("a launcher", found, "name one: hydra/launcher=basic")
    asked, cores = settings.n_jobs, usable_cores()
    if is_serial(launcher):
        if (asked or 1) > 1:
            message = "n_jobs=%d, but hydra/launcher=basic runs trials one after the other; for "
            log.warning(f"{message}workers at once add hydra/launcher=joblib", asked)  # noqa: G004
        return 1
    own = launcher.get("n_jobs") or launcher.get("array_parallelism") or 1
    if not isinstance(own, int):
        wanted = "hydra.launcher.n_jobs to be a whole number"
        raise mismatch(wanted, repr(own), "-1 is one worker a core")
    workers = asked or (own if own > 0 else cores)
    if "n_jobs" in launcher and not launcher.get("address") and workers > cores:
        log.warning("%d workers are asked for, %d run: there are no more cores.", workers, cores)
        workers = cores
    return min(workers, settings.n_trials)  # a cluster's default is hundreds


def is_serial(launcher: DictConfig) -> bool:
    """Return whether a launcher runs one job after the other in this process."""
    return str(launcher._target_).endswith("BasicLauncher")


def check_budget(settings: Settings, n_arms: int) -> None:
    """Raise if a candidate gets no trial; warn if one gets fewer than its share."""
    n_trials, minimum = settings.n_trials, settings.min_trials_per_candidate
    if n_trials < n_arms:
        wanted, found = f"a trial for each of {n_arms} candidates", f"n_trials={n_trials}"
        raise mismatch(wanted, found, "give hydra.sweeper.n_trials more or name fewer")
    if n_trials < n_arms * minimum and not settings.grid:
        short = "n_trials=%d are too few for %d candidates with min_trials_per_candidate=%d; "
        short += "give %d or more, or fewer models."
        log.warning(short, n_trials, n_arms, minimum, n_arms * minimum)


def own_function(path: str) -> Callable[[DictConfig, Trial], None]:
    """Return the user's function that `custom_search_space` names, or raise a SettingsError."""
    try:
        return get_method(path.lstrip("."))
    except Exception as error:  # noqa: BLE001 - whatever a library raises
        wanted = "a function in hydra.sweeper.custom_search_space"
        raise mismatch(wanted, f"{path!r}: {error}", "give MODULE.FUNCTION") from None


def _objectives(direction: Any, declared: Sequence[Objective]) -> list[Objective]:
    """Return the host's objectives, or one for each direction; both have to agree."""
    if direction is None:
        return list(declared) or [Objective()]
    names = [str(one) for one in ([direction] if isinstance(direction, str) else list(direction))]
    if not names or set(names) - {"minimize", "maximize"}:
        message = f"expected hydra.sweeper.direction minimize or maximize, found {direction!r}"
        raise SettingsError(message)
    if not declared:
        return [Objective(direction=name) for name in names]
    own = [objective.direction for objective in declared]
    if names != own:
        wanted = f"{own}, which the objective declares"
        raise mismatch(wanted, f"direction={names}", "drop hydra.sweeper.direction")
    return list(declared)


def _check_parts(plain: Settings, config: DictConfig) -> None:
    """Build sampler and pruner once, so that their errors are raised before the sweep."""
    if not plain.grid:
        build("sampler", plain.sampler)
    build("pruner", plain.pruner)
    if len(plain.objectives) > 1:
        asked = is_given(config, "hydra/sweeper/pruner", "hydra.sweeper.pruner")
        chosen = asked or plain.pruner != PRUNERS[DEFAULT_PRUNER]
        if chosen and not str(plain.pruner["_target_"]).endswith("NopPruner"):
            action = "drop hydra/sweeper/pruner or choose nop"
            raise mismatch("one objective to prune by", len(plain.objectives), action)
        plain.pruner = PRUNERS["nop"]
    if plain.custom_search_space:
        own_function(plain.custom_search_space)


def _check_ignored(plain: Settings, config: DictConfig) -> None:
    """Raise if this sweep would ignore a setting."""
    subdir = OmegaConf.to_container(config.hydra.sweep, resolve=False).get("subdir")  # type: ignore[union-attr]
    if subdir != _SUBDIR:
        wanted = f"hydra.sweep.subdir={_SUBDIR}, as trials are numbered"
        raise mismatch(wanted, repr(subdir), "leave it out")
    for key in _OF_NO_GRID:
        if plain.grid and is_given(config, f"hydra.sweeper.{key}"):
            wanted = f"a sampler that draws for hydra.sweeper.{key}"
            raise mismatch(wanted, "grid, which tries every point", "leave it out")


def is_given(config: DictConfig, *prefixes: str) -> bool:
    """Return whether the command line sets a key of Hydra's that begins with one of these."""
    given = [str(item).lstrip("+~") for item in config.hydra.overrides.hydra]
    return any(item.startswith(prefixes) for item in given)
