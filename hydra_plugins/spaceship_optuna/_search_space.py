"""Search space of a sweep: its arms (combinations of config groups), each with own parameters."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._errors import SettingsError
from hydra_plugins.spaceship_optuna.config_text import flatten

CANDIDATE = "candidate"
"""Name of the study's parameter that chooses an arm, if there are several."""


@dataclass(frozen=True)
class Arm:
    """One candidate of a sweep: a combination of config groups with its own parameters.

    Attributes:
        label: Short name, such as `lgbm` or `lgbm+full`.
        overrides: Overrides of the groups, such as `model=lgbm`.
        parameters: What is swept.
        defaults: Drawn values of the arm's own config, by key, where they lie in the space.

    """

    label: str
    overrides: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    defaults: Mapping[str, Any]


@dataclass(frozen=True)
class SearchPlan:
    """All that is swept.

    Attributes:
        fixed: Overrides of all trials.
        arms: At least one, ordered by label: processes that join a study need the same order.

    """

    fixed: tuple[str, ...]
    arms: tuple[Arm, ...]

    @property
    def labels(self) -> list[str]:
        return [arm.label for arm in self.arms]

    def arm(self, label: str) -> Arm:
        return next(arm for arm in self.arms if arm.label == label)

    def ordered(self, labels: Sequence[str]) -> "SearchPlan":
        """Return the plan with its arms in a study's order; a new study has none yet."""
        return replace(self, arms=tuple(self.arm(label) for label in labels) or self.arms)

    def name(self, arm: Arm, key: str) -> str:
        """Return a parameter's name in the study: arms do not share parameters."""
        return f"{arm.label}/{key}" if len(self.arms) > 1 else key

    def choose(self, arm: Arm) -> dict[str, Any]:
        """Return the study's parameters that make a trial one of an arm."""
        return {CANDIDATE: arm.label} if len(self.arms) > 1 else {}

    def owner(self, params: Mapping[str, Any]) -> Arm:
        """Return the arm that a trial's parameters belong to."""
        return self.arm(params[CANDIDATE]) if CANDIDATE in params else self.arms[0]

    def grid(self) -> Iterator[dict[str, Any]]:
        """Return every point of every arm's space, as parameters of the study."""
        for arm in self.arms:
            names = [self.name(arm, parameter.key) for parameter in arm.parameters]
            for point in itertools.product(*(parameter.points() for parameter in arm.parameters)):
                yield self.choose(arm) | dict(zip(names, point, strict=True))

    def describe(self) -> dict[str, dict[str, str]]:
        """Return each arm's space as text, which a resumed study has to share."""
        return {
            arm.label: {one.key: str(one.distribution) for one in arm.parameters}
            for arm in self.arms
        }


def read_plan(
    loader: ConfigLoader,
    config: DictConfig,
    arguments: Sequence[str],
    space_node: str | None,
    *,
    may_be_empty: bool = False,
) -> SearchPlan:
    """Return the plan of a command line and of each arm's own search space.

    Of two overrides of the same key the later wins, and each wins over an arm's own space.

    Args:
        loader: Composes an arm's config.
        config: The multirun's config.
        arguments: Overrides.
        space_node: Config node of an arm's own search space, if there is any.
        may_be_empty: Whether an arm may have nothing to sweep: a function suggests more.

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
    values = [item for key, item in swept.items() if key not in groups]
    fixed = tuple(str(item.input_line) for key, item in overrides.items() if key not in sweeps)
    configs = {
        names: loader.load_sweep_config(config, [*fixed, *names]) for names in _combine(groups)
    }
    for item in values:
        if not any(_takes(cfg, item) for cfg in configs.values()):
            raise _unknown(item.key_or_group, *configs.values())
    arms = []
    for names, cfg in configs.items():
        own = _own_space(cfg, space_node) if space_node else {}
        own = {key: item for key, item in own.items() if key not in settled}
        own |= {item.key_or_group: item for item in values if _takes(cfg, item)}
        arms.append(_arm(names, cfg, own.values()))
    if not may_be_empty:
        _check_not_empty(arms, list(configs.values()), space_node)
    return SearchPlan(fixed, tuple(sorted(arms, key=lambda arm: arm.label)))


def _combine(groups: Mapping[str, Override]) -> Iterator[tuple[str, ...]]:
    """Return every combination of the groups' choices, each as overrides."""
    for key, item in groups.items():
        if not item.is_discrete_sweep():
            message = f"expected choices for the group {key}, found {item.input_line}"
            raise SettingsError(f"{message}; name them: {key}=a,b")
    named = [
        [f"{key}={name}" for name in item.sweep_string_iterator()] for key, item in groups.items()
    ]
    return itertools.product(*named)


def _arm(names: tuple[str, ...], cfg: DictConfig, sweeps: Iterable[Override]) -> Arm:
    parameters = tuple(Parameter.of(item) for item in sweeps)
    drawn = {one.key: one.drawn(OmegaConf.select(cfg, one.key)) for one in parameters}
    defaults = {key: value for key, value in drawn.items() if value is not None}
    label = "+".join(name.split("=", 1)[1] for name in names) or "trial"
    return Arm(label, names, parameters, defaults)


def _own_space(cfg: DictConfig, node: str) -> dict[str, Override]:
    """Return the sweeps of a node that mirrors its parent: leaves in the override grammar."""
    try:
        space = OmegaConf.select(cfg, node)
        if OmegaConf.is_config(space):
            space = OmegaConf.to_container(space, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        message = f"expected {node} to resolve, found: {error}; set it on the command line"
        raise SettingsError(message) from None
    if space is None:
        return {}
    if not isinstance(space, dict):
        message = f"expected {node} to mirror its parent, found {space!r}; null is no space at all"
        raise SettingsError(message)
    parser, parent = OverridesParser.create(), node.rpartition(".")[0]
    sweeps = {}
    for path, text in flatten(space).items():
        key = f"{parent}.{path}" if parent else path
        override = parser.parse_override(f"{key}={text}")
        if not override.is_sweep_override():
            message = f"expected a sweep in {node}.{path}, found {text!r}; such as interval(0, 1)"
            raise SettingsError(message)
        if not _has(cfg, key):
            raise _unknown(key, cfg)
        sweeps[key] = override
    return sweeps


def _takes(cfg: DictConfig, override: Override) -> bool:
    """Return whether a config takes a swept key; it takes each that is added with `+`."""
    return override.is_add() or override.is_force_add() or _has(cfg, override.key_or_group)


def _has(cfg: DictConfig, key: str) -> bool:
    """Return whether a config has a key, even if its value is None."""
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(cfg, parent) if parent else cfg
    return isinstance(node, DictConfig) and last in node.keys()  # noqa: SIM118 - None counts


def _unknown(key: str, *configs: DictConfig) -> SettingsError:
    known = set(configs[0].hydra.runtime.choices)
    for cfg in configs:
        known |= set(flatten(OmegaConf.to_container(cfg, resolve=False)))  # type: ignore[arg-type]
    nearest = get_close_matches(key, sorted(known), n=1)
    hint = f"; is {nearest[0]} meant?" if nearest else ""
    message = f"expected a key of the config to sweep, found {key}, which does not exist{hint}"
    return SettingsError(message)


def _check_not_empty(
    arms: Sequence[Arm], configs: Sequence[DictConfig], space_node: str | None
) -> None:
    """Raise if an arm has nothing to sweep, unless the groups themselves are all there is."""
    empty = [arm.label for arm in arms if not arm.parameters]
    if empty and len(arms) == 1:
        message = (
            "expected something to sweep, found nothing; name candidates (model=lgbm,catboost) or "
            "a sweep (model.estimator.num_leaves=int(interval(8,64)))"
        )
        raise SettingsError(message)
    meant = space_node is not None and any(_has(cfg, space_node) for cfg in configs)
    if empty and (meant or len(empty) < len(arms)):
        message = (
            f"expected a search space for every candidate, found {space_node or 'it'} empty for "
            f"{', '.join(empty)}; give it one in its YAML, or leave it out"
        )
        raise SettingsError(message)
