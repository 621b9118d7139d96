"""From overrides to candidates: what is swept, over which values, and for whom."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna._distributions import Parameter, distribution
from spaceship.config.build import flatten, resolved
from spaceship.errors import ConfigError

CANDIDATE = "candidate"
"""The parameter that says whose trial it is, where there are several candidates."""


@dataclass(frozen=True)
class Candidate:
    """One combination of config groups, with the search space that is its own.

    Attributes:
        label: Short name, such as `lgbm` or `lgbm+full`.
        overrides: The groups' overrides, such as `model=lgbm`.
        parameters: What is swept for it.
        defaults: What would be drawn to get its default configuration, for the parameters whose
            default lies in their space.

    """

    label: str
    overrides: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    defaults: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """Everything that is swept.

    Attributes:
        fixed: Overrides that hold for all trials.
        candidates: At least one; their order is that of their labels, however they are named.

    """

    fixed: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    def candidate(self, label: str) -> Candidate:
        """Return the candidate of a label."""
        return next(one for one in self.candidates if one.label == label)

    def ordered(self, labels: Sequence[str]) -> "Plan":
        """Return the plan with its candidates in a study's order; a new study has none yet."""
        own = tuple(self.candidate(label) for label in labels) or self.candidates
        return replace(self, candidates=own)

    def name(self, candidate: Candidate, key: str) -> str:
        """Return a parameter's name in the study: candidates do not share parameters."""
        return f"{candidate.label}/{key}" if len(self.candidates) > 1 else key

    def choose(self, candidate: Candidate) -> dict[str, str]:
        """Return the parameters that make a trial one of a candidate's."""
        return {CANDIDATE: candidate.label} if len(self.candidates) > 1 else {}

    def owner(self, params: Mapping[str, Any]) -> Candidate:
        """Return the candidate that a trial's parameters belong to."""
        return self.candidate(params[CANDIDATE]) if CANDIDATE in params else self.candidates[0]

    def grid(self) -> Iterator[dict[str, Any]]:
        """Return every point of every candidate's space, as parameters of the study.

        Raises:
            ConfigError: A space has no end of points.

        """
        for one in self.candidates:
            names = [self.name(one, parameter.key) for parameter in one.parameters]
            for point in itertools.product(*(parameter.points() for parameter in one.parameters)):
                yield self.choose(one) | dict(zip(names, point, strict=True))

    def describe(self) -> dict[str, dict[str, str]]:
        """Return each candidate's space as text: what a resumed study must agree with."""
        return {
            one.label: {parameter.key: str(parameter.distribution) for parameter in one.parameters}
            for one in self.candidates
        }


def read_plan(
    loader: ConfigLoader,
    config: DictConfig,
    arguments: Sequence[str],
    space_node: str | None,
    *,
    free: bool = False,
) -> Plan:
    """Return the plan that the command line, and each candidate's own search space, describe.

    Args:
        loader: Composes a candidate's config.
        config: The config of the multirun.
        arguments: Overrides; of two for the same key the later wins, and each wins over a
            candidate's own search space.
        space_node: Config node that holds a candidate's own search space, if there is any.
        free: Whether a space may be empty, because a function suggests more in each trial.

    Raises:
        ConfigError: A space is empty, a key does not exist, or a value cannot be swept.

    """
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides(list(arguments))
    overrides = {item.get_key_element(): item for item in parsed}
    last = {item.key_or_group: item for item in parsed}  # the same key with + or ++ and without
    settled = {key for key, item in last.items() if not item.is_sweep_override()}
    sweeps = {key: item for key, item in overrides.items() if item.is_sweep_override()}
    swept = {key: item for key, item in sweeps.items() if item.key_or_group not in settled}
    groups = {
        key: item for key, item in swept.items() if loader.get_group_options(item.key_or_group)
    }
    values = {key: item for key, item in swept.items() if key not in groups}
    fixed = tuple(str(item.input_line) for key, item in overrides.items() if key not in sweeps)
    composed = {
        names: loader.load_sweep_config(config, [*fixed, *names]) for names in _combine(groups)
    }
    _refuse_unknown(values, list(composed.values()))
    candidates = []
    for names, cfg in composed.items():
        own = _own_space(cfg, space_node) if space_node else {}
        own = {key: item for key, item in own.items() if key not in settled}
        candidates.append(_candidate(names, cfg, values, own))
    if not free:
        _refuse_empty(candidates, list(composed.values()), space_node)
    # Whoever joins a new study has to choose among its candidates in the same order.
    return Plan(fixed, tuple(sorted(candidates, key=lambda one: one.label)))


def _combine(groups: Mapping[str, Override]) -> Iterator[tuple[str, ...]]:
    """Return every combination of the groups' choices, each as overrides."""
    for key, item in groups.items():
        if not item.is_discrete_sweep():
            message = f"expected choices for the group {key}, found {item.input_line}"
            raise ConfigError(f"{message}; name them: {key}=a,b")
    named = [
        [f"{key}={name}" for name in item.sweep_string_iterator()] for key, item in groups.items()
    ]
    return itertools.product(*named)


def _candidate(
    names: tuple[str, ...],
    cfg: DictConfig,
    values: Mapping[str, Override],
    own: Mapping[str, Override],
) -> Candidate:
    swept = dict(own) | {item.key_or_group: item for item in values.values() if _exists(cfg, item)}
    parameters = tuple(
        Parameter(key, *distribution(item), prefix=_prefix(item)) for key, item in swept.items()
    )
    defaults = {}
    for parameter in parameters:
        drawn = parameter.drawn(OmegaConf.select(cfg, parameter.key))
        if drawn is not None:
            defaults[parameter.key] = drawn
    label = "+".join(name.split("=", 1)[1] for name in names) or "trial"
    return Candidate(label, names, parameters, defaults)


def _prefix(override: Override) -> str:
    return "++" if override.is_force_add() else "+" if override.is_add() else ""


def _own_space(cfg: DictConfig, node: str) -> dict[str, Override]:
    """Return the sweeps of a node that mirrors its parent: leaves in the override grammar."""
    space = OmegaConf.select(cfg, node)
    if space is None:
        return {}
    if not isinstance(space, DictConfig):
        message = f"expected {node} to mirror its parent, found {space!r}; null is no space at all"
        raise ConfigError(message)
    parser, parent = OverridesParser.create(), node.rpartition(".")[0]
    sweeps = {}
    for path, text in flatten(resolved(space)).items():
        key = f"{parent}.{path}" if parent else path
        override = parser.parse_override(f"{key}={text}")
        if not override.is_sweep_override():
            message = f"expected a sweep in {node}.{path}, found {text!r}; such as interval(0, 1)"
            raise ConfigError(message)
        if not _has(cfg, key):
            _unknown(key, cfg)
        sweeps[key] = override
    return sweeps


def _exists(cfg: DictConfig, override: Override) -> bool:
    """Tell whether a swept key is in a config; one that is added with `+` always is."""
    return bool(_prefix(override)) or _has(cfg, override.key_or_group)


def _has(cfg: DictConfig, key: str) -> bool:
    """Tell whether a config has a key, whatever its value: None is one, too."""
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(cfg, parent) if parent else cfg
    return isinstance(node, DictConfig) and last in node.keys()  # noqa: SIM118 - None counts


def _refuse_unknown(values: Mapping[str, Override], configs: Sequence[DictConfig]) -> None:
    for item in values.values():
        if not any(_exists(cfg, item) for cfg in configs):
            _unknown(item.key_or_group, *configs)


def _unknown(key: str, *configs: DictConfig) -> None:
    known = set(configs[0].hydra.runtime.choices)
    for cfg in configs:
        known |= set(flatten(OmegaConf.to_container(cfg, resolve=False)))  # type: ignore[arg-type]
    nearest = get_close_matches(key, sorted(known), n=1)
    hint = f"; is {nearest[0]} meant?" if nearest else ""
    message = f"expected a key of the config to sweep, found {key}, which does not exist{hint}"
    raise ConfigError(message)


def _refuse_empty(
    candidates: Sequence[Candidate], configs: Sequence[DictConfig], space_node: str | None
) -> None:
    """Refuse candidates with nothing to sweep, unless the groups themselves are all there is."""
    empty = [one for one in candidates if not one.parameters]
    if empty and len(candidates) == 1:
        message = (
            "expected something to sweep, found nothing; name candidates (model=lgbm,catboost) or "
            "a sweep (model.estimator.num_leaves=int(interval(8,64)))"
        )
        raise ConfigError(message)
    meant = space_node is not None and any(_has(cfg, space_node) for cfg in configs)
    if empty and (meant or len(empty) < len(candidates)):
        message = (
            f"expected a search space for every candidate, found {space_node or 'it'} empty for "
            f"{', '.join(one.label for one in empty)}; give it one in its YAML, or leave it out"
        )
        raise ConfigError(message)
