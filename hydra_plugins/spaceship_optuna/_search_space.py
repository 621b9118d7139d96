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
from hydra_plugins.spaceship_optuna._errors import SettingsError, mismatch
from hydra_plugins.spaceship_optuna.config_text import flatten

CANDIDATE = "candidate"  # the study's parameter that chooses an arm, if there are several


@dataclass(frozen=True)
class Arm:
    """One candidate of a sweep: a combination of config groups with its own parameters."""

    label: str  # short, such as `lgbm` or `lgbm+full`
    overrides: tuple[str, ...]  # of the groups, such as `model=lgbm`
    parameters: tuple[Parameter, ...]
    defaults: Mapping[str, object]  # drawn values of the arm's own config, where the space has them


@dataclass(frozen=True)
class SearchPlan:
    """All that is swept, and the overrides that all trials share."""

    fixed: tuple[str, ...]
    arms: tuple[Arm, ...]  # at least one, by label: processes that join need the same order

    @property
    def labels(self) -> list[str]:
        return [arm.label for arm in self.arms]

    def arm(self, label: str) -> Arm:
        return next(arm for arm in self.arms if arm.label == label)

    def ordered(self, labels: Sequence[str]) -> "SearchPlan":
        """Return the plan with its arms in a study's order; a new study has none yet."""
        return replace(self, arms=tuple(self.arm(label) for label in labels) or self.arms)

    def parameters(self, arm: Arm) -> dict[str, Parameter]:
        """Return an arm's parameters by their names in the study: arms do not share any."""
        prefix = f"{arm.label}/" if len(self.arms) > 1 else ""
        return {prefix + one.key: one for one in arm.parameters}

    def choose(self, arm: Arm) -> dict[str, Any]:
        """Return the study's parameters that make a trial one of an arm."""
        return {CANDIDATE: arm.label} if len(self.arms) > 1 else {}

    def owner(self, params: Mapping[str, Any]) -> Arm:
        """Return the arm that a trial's parameters belong to."""
        return self.arm(params[CANDIDATE]) if CANDIDATE in params else self.arms[0]

    def grid(self) -> Iterator[dict[str, object]]:
        """Return every point of every arm's space, as parameters of the study."""
        for arm in self.arms:
            own = self.parameters(arm)
            for point in itertools.product(*(parameter.points() for parameter in own.values())):
                yield self.choose(arm) | dict(zip(own, point, strict=True))

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
    """Return the plan of a command line and of each arm's own search space in `space_node`.

    Of two overrides of the same key the later wins, and each wins over an arm's own space. An arm
    that has nothing to sweep is an error, unless `may_be_empty`: a function suggests more.
    """
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides(list(arguments))
    overrides = {item.get_key_element(): item for item in parsed}
    last = {_place(item): item for item in parsed}  # the same key with + or ++ and without
    settled = {key for key, item in last.items() if not item.is_sweep_override()}
    groups, values, fixed = {}, [], []
    for key, item in overrides.items():
        if not item.is_sweep_override():
            fixed.append(str(item.input_line))
        elif _place(item) not in settled:
            if loader.get_group_options(item.key_or_group):
                groups[key] = item
            else:
                values.append(item)
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
    return SearchPlan(tuple(fixed), tuple(sorted(arms, key=lambda arm: arm.label)))


def _combine(groups: Mapping[str, Override]) -> Iterator[tuple[str, ...]]:
    """Return every combination of the groups' choices, each as overrides."""
    for key, item in groups.items():
        if not item.is_discrete_sweep():
            wanted = f"choices for the group {key}"
            raise mismatch(wanted, item.input_line, f"name them: {key}=a,b")
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
    """Return the sweeps of a node that mirrors its parent: leaves in the override grammar.

    Names in a node that is empty in the parent, such as `monotone: {}`, are added.
    """
    try:
        space = OmegaConf.select(cfg, node)
        if OmegaConf.is_config(space):
            space = OmegaConf.to_container(space, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise mismatch(f"{node} to resolve", error, "set it on the command line") from None
    if space is None:
        return {}
    if not isinstance(space, dict):
        raise mismatch(f"{node} to mirror its parent", repr(space), "null is no space at all")
    parser, parent = OverridesParser.create(), node.rpartition(".")[0]
    sweeps = {}
    for path, text in flatten(space).items():
        key = f"{parent}.{path}" if parent else path
        prefix = "+" if OmegaConf.select(cfg, key.rpartition(".")[0]) == {} else ""
        override = parser.parse_override(f"{prefix}{key}={text}")
        if not override.is_sweep_override():
            raise mismatch(f"a sweep in {node}.{path}", repr(text), "such as interval(0, 1)")
        if not _takes(cfg, override):
            raise _unknown(key, cfg)
        sweeps[key] = override
    return sweeps


def _place(override: Override) -> str:
    """Return an override's key, or its group with the package, as in `model@mode.start`."""
    return override.get_key_element().lstrip("+~")


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
    found = f"found {key}, which does not exist{hint}"
    return SettingsError(f"expected a key of the config to sweep, {found}")


def _check_not_empty(
    arms: Sequence[Arm], configs: Sequence[DictConfig], space_node: str | None
) -> None:
    """Raise if an arm has nothing to sweep, unless the groups themselves are all there is."""
    empty = [arm.label for arm in arms if not arm.parameters]
    if empty and len(arms) == 1:
        action = "name candidates (model=lgbm,catboost) or a sweep"
        example = "(model.estimator.num_leaves=int(interval(8,64)))"
        raise mismatch("something to sweep", "nothing", f"{action} {example}")
    meant = space_node is not None and any(_has(cfg, space_node) for cfg in configs)
    if empty and (meant or len(empty) < len(arms)):
        found = f"{space_node or 'it'} empty for {', '.join(empty)}"
        action = "give it one in its YAML, or leave it out"
        raise mismatch("a search space for every candidate", found, action)
