"""The parts a config describes, built: what a mode asks for before it calls the stages."""

import json
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from sklearn.pipeline import Pipeline

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.config.build import build, resolved, settings
from spaceship.data._base import DataSource, Passengers
from spaceship.data.cache import load_passengers
from spaceship.drift.alert import Alarm
from spaceship.errors import ConfigError
from spaceship.evaluation.cross_validation import PreparedFold
from spaceship.evaluation.report import Report, direction, names_of
from spaceship.evaluation.twins import Protocol
from spaceship.gate.policy import Gate
from spaceship.model.pipeline import build_recipe
from spaceship.model.recipe import Recipe
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.best_jobs import best_recipes, study_folder
from spaceship.tracking.store import Store, validated

_PASSENGERS: dict[tuple[Path, str, str], Passengers] = {}
_SOURCES: dict[str, DataSource] = {}
_FOLDS: dict[str, dict[int, PreparedFold]] = {}


def data_source(cfg: DictConfig) -> DataSource:
    """Return the data source of `data=`, the same one for all trials of a sweep in this process."""
    key = repr(resolved(cfg.data)) if in_trial() else None
    if key in _SOURCES:
        return _SOURCES[key]
    source = build(cfg.data)
    if not isinstance(source, DataSource):
        raise _misfit(cfg, "data", DataSource.__name__)
    if key is not None:
        _SOURCES.clear()  # as with its passengers
        _SOURCES[key] = source
    return source


@lru_cache(maxsize=1)
def _fingerprint_once(source: DataSource) -> str:
    """Return the fingerprint a source had when it was first asked: no trial reads the files."""
    return source.fingerprint()


def passengers(cfg: DictConfig) -> Passengers:
    """Return the checked passengers of `data=`, from Parquet where they were loaded before.

    Files that change while a sweep goes on are not noticed by a process that has read them.
    """
    source = data_source(cfg)
    fingerprint = _fingerprint_once(source) if in_trial() else source.fingerprint()
    key = (outputs(cfg), source.name, fingerprint)
    if key not in _PASSENGERS:
        _PASSENGERS.clear()  # one data set at a time is in use
        _PASSENGERS[key] = load_passengers(source, key[0])[0]
    return _PASSENGERS[key]


def outputs(cfg: DictConfig) -> Path:
    """Return the absolute folder of every byte of state."""
    return Path(cfg.paths.outputs).expanduser().absolute()


def store(cfg: DictConfig) -> Store:
    """Return the MLflow store of `tracking=`."""
    return validated(*settings(cfg, "tracking", "uri", "artifacts", "experiment"))


def registry(cfg: DictConfig) -> Registry:
    """Return the registry of the models trained on `data=`."""
    model = f"spaceship-{data_source(cfg).name}"
    return Registry(store(cfg), model, outputs(cfg) / "locks")


def recipe(
    cfg: DictConfig, *, features_chosen: bool, named: Collection[str] = ()
) -> dict[str, Any]:
    """Return everything needed to build the pipeline again, interpolations unresolved.

    With `model=champion` that is the champion's own recipe, and the fallback's until there is a
    champion.

    Args:
        cfg: The job's config.
        features_chosen: Whether `features=` was given; then it wins over the champion's own set,
            and over those of members that come from a study.
        named: Which of `calibration` and `threshold` were given; they win over the champion's.

    """
    plain: dict[str, Any] = OmegaConf.to_container(cfg, resolve=False)  # type: ignore[assignment]
    model, features = plain["model"], plain["features"]
    choices = {name: plain[name] for name in ("calibration", "threshold")}
    if "members" in model:
        made = _blend(cfg, model, features, choices)
    elif model["name"] != CHAMPION:
        made = Recipe.single(model, features, **choices)
    else:
        champion = registry(cfg).find(CHAMPION)
        if champion is None or not champion.recipe:
            return Recipe.single(model["fallback"], features, **choices).to_plain()
        given = {name: choices[name] for name in choices if name in named}
        made = Recipe.from_plain(champion.recipe | given)
    return (made.with_features(features) if features_chosen else made).to_plain()


def pipeline(cfg: DictConfig, ingredients: Mapping[str, Any]) -> Pipeline:
    """Return the unfitted pipeline of a recipe, seeds and threads taken from this config."""
    _check_threads(cfg.threads)
    return build_recipe(Recipe.from_plain(ingredients), cfg)


def _blend(
    cfg: DictConfig, model: Mapping[str, Any], features: dict[str, Any], choices: dict[str, Any]
) -> Recipe:
    """Return the recipe of a blend, its members written out."""
    if model["study"] is None:
        if not isinstance(model["members"], Mapping):
            message = f"expected models by name in model.members, found {model['members']!r}"
            raise ConfigError(f"{message}; one more is +model@model.members.NAME=NAME")
        members = [Recipe.single(member, features) for member in model["members"].values()]
    else:
        folder = study_folder(store(cfg), str(model["study"]))
        best = best_recipes(folder, model["top"], objectives(cfg)[0], blank_report(cfg, ""))
        members = [Recipe.from_plain(one) for one in best]
        features = members[0].features
    return Recipe.blend(members, model, features, **choices)


def _check_threads(threads: object) -> None:
    """Refuse what libraries make something else of each; CatBoost crashes on 0 threads."""
    whole = isinstance(threads, int) and not isinstance(threads, bool)
    if not whole or not (threads == -1 or threads > 0):  # type: ignore[operator]
        message = f"expected threads to be 1 or more, or -1 for all cores, found {threads!r}"
        raise ConfigError(f"{message}; leave it out to use every core there is")


def _misfit(cfg: DictConfig, group: str, kind: str) -> ConfigError:
    """Return the error of a group whose node describes something of another kind."""
    message = f"expected {group}._target_ to be a {kind}, found {cfg[group]['_target_']}"
    return ConfigError(f"{message}; choose one of configs/{group} with {group}=NAME")


def objectives(cfg: DictConfig) -> list[str]:
    """Return the metrics a job returns; the best job is best by the first.

    Raises:
        ConfigError: One is unknown, or looks at the hold-out.

    """
    several = names_of(*settings(cfg, "objective", "metric"))
    for name in several:
        direction(name)
        if not name.startswith("cv_"):
            cv = f"cv_{name.removeprefix('holdout_')}"
            message = f"expected objective.metric={cv}, found {name}: the hold-out selects nothing"
            raise ConfigError(message)
    return several


def prepared_folds(
    cfg: DictConfig, ingredients: Mapping[str, Any], digest: str
) -> MutableMapping[int, PreparedFold] | None:
    """Return the folds that this process's trials share, or None outside a sweep.

    They are the same for all trials whose data, split, features and encoding are the same. A
    recipe that makes inner folds of its own prepares its columns itself.
    """
    if not in_trial() or not Recipe.from_plain(ingredients).prepares_alone:
        return None
    steps = [ingredients["encoding"], ingredients["features"], digest, repr(protocol(cfg))]
    key = json.dumps(steps, sort_keys=True)
    return _FOLDS.setdefault(key, {})


def protocol(cfg: DictConfig) -> Protocol:
    """Return how figures are made: hold-out and folds."""
    fraction, salt, n_folds = settings(cfg, "split", "holdout_fraction", "salt", "n_folds")
    return Protocol(fraction, salt, n_folds, cfg.seed)


def blank_report(cfg: DictConfig, name: str) -> Report:
    """Return a report that names the data and the protocol in use, still without figures."""
    source, digest = data_source(cfg).name, passengers(cfg).digest
    return Report(name, source, digest, protocol=asdict(protocol(cfg)))


def gate(cfg: DictConfig) -> Gate:
    """Return the promotion policy of `gate=`."""
    policy = build(cfg.gate)
    if not isinstance(policy, Gate):
        raise _misfit(cfg, "gate", Gate.__name__)
    if policy.force and not str(cfg.reason or "").strip():
        message = f"expected a reason beside gate.force=true, found {cfg.reason!r}"
        raise ConfigError(f"{message}; say why: reason='...'")
    return policy


def alarm(cfg: DictConfig) -> Alarm:
    """Return when drift is too much, and what follows: `inference.max_drift`, `.on_drift`."""
    _, max_drift, on_drift = settings(cfg, "inference", "output", "max_drift", "on_drift")
    return Alarm(max_drift, on_drift)


def features_chosen() -> bool:
    """Tell whether the job's command line names a feature set, or changes one."""
    return any(item.startswith(("features=", "features.")) for item in _asked())


def choices_named() -> list[str]:
    """Return which of `calibration` and `threshold` the job's command line names."""
    given = [item.partition("=")[0] for item in _asked()]
    return [name for name in ("calibration", "threshold") if name in given]


def _asked() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    return [item.lstrip("+~") for item in HydraConfig.get().overrides.task]


def features_name(ingredients: Mapping[str, Any]) -> str:
    """Return the name of a recipe's feature set: that of its module, which is that of its YAML."""
    return str(ingredients["features"]["_target_"]).split(".")[-2]
