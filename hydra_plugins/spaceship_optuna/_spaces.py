"""From overrides to candidates: what is swept, over which values, and for whom."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from spaceship.errors import ConfigError

PRIMITIVES = (bool, int, float, str)


@dataclass(frozen=True)
class Parameter:
    """One value that is swept.

    Attributes:
        key: The config key it sets.
        distribution: What Optuna draws from.
        values: What a drawn category stands for, where it is not the value itself.

    """

    key: str
    distribution: BaseDistribution
    values: Mapping[str, Any] = field(default_factory=dict)

    def value(self, drawn: Any) -> Any:
        """Return the config value of what was drawn."""
        return self.values.get(drawn, drawn) if isinstance(drawn, str) else drawn

    def drawn(self, value: Any) -> Any | None:
        """Return what would have to be drawn to get a config value, or None if it cannot be."""
        for category, stands_for in self.values.items():
            if stands_for == value:
                return category
        if not isinstance(value, PRIMITIVES):
            return None
        if isinstance(self.distribution, CategoricalDistribution):
            same = [c for c in self.distribution.choices if c == value and type(c) is type(value)]
            return same[0] if same else None
        if isinstance(value, str | bool):
            return None
        return value if self.distribution._contains(value) else None  # noqa: SLF001


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
        candidates: At least one.

    """

    fixed: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    def candidate(self, label: str) -> Candidate:
        """Return the candidate of a label."""
        return next(one for one in self.candidates if one.label == label)

    def describe(self) -> dict[str, dict[str, str]]:
        """Return each candidate's space as text: what a resumed study must agree with."""
        return {
            one.label: {parameter.key: str(parameter.distribution) for parameter in one.parameters}
            for one in self.candidates
        }


def read_plan(
    loader: ConfigLoader, config: DictConfig, arguments: Sequence[str], space_node: str | None
) -> Plan:
    """Return the plan that the command line, and each candidate's own search space, describe.

    Args:
        loader: Composes a candidate's config.
        config: The config of the multirun.
        arguments: Overrides; of two for the same key the later wins.
        space_node: Config node that holds a candidate's own search space, if there is any.

    Raises:
        ConfigError: A space is empty, a key does not exist, or a value cannot be swept.

    """
    parser = OverridesParser.create(config_loader=loader)
    overrides = {item.get_key_element(): item for item in parser.parse_overrides(list(arguments))}
    swept = {key: item for key, item in overrides.items() if item.is_sweep_override()}
    groups = {key: item for key, item in swept.items() if loader.get_group_options(key)}
    values = {key: item for key, item in swept.items() if key not in groups}
    fixed = tuple(str(item.input_line) for key, item in overrides.items() if key not in swept)
    composed = {
        names: loader.load_sweep_config(config, [*fixed, *names]) for names in _combine(groups)
    }
    _refuse_unknown(values, list(composed.values()))
    candidates = tuple(
        _candidate(names, cfg, values, space_node) for names, cfg in composed.items()
    )
    _refuse_empty(candidates, alone=not values and not groups)
    return Plan(fixed, candidates)


def distribution(override: Override) -> tuple[BaseDistribution, dict[str, Any]]:
    """Return what Optuna draws from for a sweep, and what its categories stand for.

    Raises:
        ConfigError: The sweep is empty or of a kind that cannot be drawn from.

    """
    sweep = override.value()
    try:
        if isinstance(sweep, IntervalSweep):
            return _interval(sweep), {}
        if isinstance(sweep, RangeSweep) and not sweep.shuffle:
            return _range(sweep), {}
        if isinstance(sweep, ChoiceSweep | RangeSweep):
            return _categories(override)
    except ValueError as error:
        message = f"expected a sweep that can be drawn from, found {override.input_line}: {error}"
        raise ConfigError(message) from error
    message = f"expected interval, range, choice or a list for {override.key_or_group}"
    raise ConfigError(f"{message}, found {override.input_line}")


def _interval(sweep: IntervalSweep) -> BaseDistribution:
    log = "log" in sweep.tags
    if isinstance(sweep.start, int) and isinstance(sweep.end, int):
        return IntDistribution(sweep.start, sweep.end, log=log)
    return FloatDistribution(float(sweep.start or 0), float(sweep.end or 0), log=log)


def _range(sweep: RangeSweep) -> BaseDistribution:
    """Return a stepped distribution; like Hydra's own range it stops short of `stop`."""
    points = list(sweep.range())
    if not points:
        message = "the range holds no value"
        raise ValueError(message)
    if all(isinstance(bound, int) for bound in (sweep.start, sweep.step)):
        return IntDistribution(int(points[0]), int(points[-1]), step=int(sweep.step))
    return FloatDistribution(float(points[0]), float(points[-1]), step=float(sweep.step))


def _categories(override: Override) -> tuple[BaseDistribution, dict[str, Any]]:
    parser = OverridesParser.create()
    choices: list[Any] = []
    values: dict[str, Any] = {}
    for text in override.sweep_string_iterator():
        value: Any = parser.parse_override(f"key={text}").value()
        plain = getattr(value, "text", value)  # a quoted string knows its text
        if isinstance(plain, PRIMITIVES) or plain is None:
            choices.append(plain)
        else:
            choices.append(text)
            values[text] = plain
    return CategoricalDistribution(choices), values


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
    names: tuple[str, ...], cfg: DictConfig, values: Mapping[str, Override], space_node: str | None
) -> Candidate:
    own = _own_space(cfg, space_node) if space_node else {}
    swept = own | {key: item for key, item in values.items() if _exists(cfg, item)}
    parameters = tuple(Parameter(key, *distribution(item)) for key, item in swept.items())
    defaults = {}
    for parameter in parameters:
        drawn = parameter.drawn(OmegaConf.select(cfg, parameter.key))
        if drawn is not None:
            defaults[parameter.key] = drawn
    label = "+".join(name.split("=", 1)[1] for name in names) or "trial"
    return Candidate(label, names, parameters, defaults)


def _own_space(cfg: DictConfig, node: str) -> dict[str, Override]:
    """Return the sweeps of a node that mirrors its parent: leaves in the override grammar."""
    space = OmegaConf.select(cfg, node)
    if space is None:
        return {}
    parser, parent = OverridesParser.create(), node.rpartition(".")[0]
    sweeps = {}
    for path, text in _leaves(OmegaConf.to_container(space, resolve=True)):
        key = f"{parent}.{path}" if parent else path
        override = parser.parse_override(f"{key}={text}")
        if not override.is_sweep_override():
            message = f"expected a sweep in {node}.{path}, found {text!r}; such as interval(0, 1)"
            raise ConfigError(message)
        if OmegaConf.select(cfg, key) is None:
            _unknown(key, cfg)
        sweeps[key] = override
    return sweeps


def _leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node


def _exists(cfg: DictConfig, override: Override) -> bool:
    """Tell whether a swept key is in a config; one that is added with `+` always is."""
    key = override.key_or_group
    missing = object()
    added = override.is_add() or override.is_force_add()
    return added or OmegaConf.select(cfg, key, default=missing) is not missing


def _refuse_unknown(values: Mapping[str, Override], configs: Sequence[DictConfig]) -> None:
    for item in values.values():
        if not any(_exists(cfg, item) for cfg in configs):
            _unknown(item.key_or_group, configs[0])


def _unknown(key: str, cfg: DictConfig) -> None:
    known = [path for path, _ in _leaves(OmegaConf.to_container(cfg, resolve=False))]
    nearest = get_close_matches(key, known, n=1)
    hint = f"; is {nearest[0]} meant?" if nearest else ""
    message = f"expected a key of the config to sweep, found {key}, which does not exist{hint}"
    raise ConfigError(message)


def _refuse_empty(candidates: Sequence[Candidate], *, alone: bool) -> None:
    """Refuse candidates with nothing to sweep, unless the groups themselves are all there is."""
    empty = [one.label for one in candidates if not one.parameters]
    if alone and empty:
        message = (
            "expected something to sweep, found nothing; name candidates (model=lgbm,catboost) or "
            "a sweep (model.estimator.num_leaves=int(interval(8,64)))"
        )
        raise ConfigError(message)
    if empty and len(empty) < len(candidates):
        message = (
            f"expected a search space for every candidate, found none for {', '.join(empty)}; "
            "give it one in its YAML (search_space), or leave it out"
        )
        raise ConfigError(message)
