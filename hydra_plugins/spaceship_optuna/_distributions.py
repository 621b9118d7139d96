"""Optuna distributions of the sweeps in Hydra's override grammar."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hydra_plugins.spaceship_optuna._errors import SettingsError, mismatch
from hydra_plugins.spaceship_optuna._upstream import contains

_PRIMITIVES = (bool, int, float, str)
_ONLY_INTERVALS = "the tag log needs an interval, such as tag(log, int(interval(1, 100)))"
_DIGITS = 12  # decimals of a range's points, so that the last one lies on its steps


@dataclass(frozen=True)
class Parameter:
    """One swept config key."""

    key: str
    distribution: BaseDistribution
    values: Mapping[str, object] = field(default_factory=dict)  # of categories Optuna cannot store
    prefix: str = ""  # `+` or `++` if the key is added to the config

    @classmethod
    def of(cls, override: Override) -> "Parameter":
        prefix = "++" if override.is_force_add() else "+" if override.is_add() else ""
        return cls(override.key_or_group, *_distribution(override), prefix=prefix)

    def value(self, drawn: object) -> object:
        return self.values.get(drawn, drawn) if isinstance(drawn, str) else drawn

    def drawn(self, value: object) -> object | None:
        """Return the drawn value of a config value, or None if it lies outside the space."""
        for category, config_value in self.values.items():
            if config_value == value:
                return category
        if not isinstance(value, _PRIMITIVES):
            return None
        if isinstance(self.distribution, CategoricalDistribution):
            same = (one for one in self.distribution.choices if one == value)
            return next((one for one in same if type(one) is type(value)), None)
        if isinstance(value, str | bool):
            return None
        return value if contains(self.distribution, value) else None

    def points(self) -> Iterator[object]:
        """Return every value that can be drawn; raise if the distribution is continuous."""
        of: Any = self.distribution
        if isinstance(of, CategoricalDistribution):
            yield from of.choices
        elif of.step is None:
            wanted = f"a range or choices for {self.key} under sampler=grid"
            raise mismatch(wanted, of, "give it a step: range(0, 1, step=0.1)")
        else:
            steps = int((of.high - of.low) / of.step + 0.5) + 1
            points = (of.low + of.step * index for index in range(steps))
            yield from (one if isinstance(one, int) else round(one, _DIGITS) for one in points)


def _distribution(override: Override) -> tuple[BaseDistribution, dict[str, object]]:
    sweep = override.value()
    try:
        if isinstance(sweep, IntervalSweep):
            log = "log" in sweep.tags
            if isinstance(sweep.start, int) and isinstance(sweep.end, int):
                return IntDistribution(sweep.start, sweep.end, log=log), {}
            return FloatDistribution(float(sweep.start or 0), float(sweep.end or 0), log=log), {}
        if "log" in getattr(sweep, "tags", ()):
            raise ValueError(_ONLY_INTERVALS)  # noqa: TRY301 - one message for every kind
        if isinstance(sweep, RangeSweep) and not sweep.shuffle:
            return _range(sweep), {}
        if isinstance(sweep, ChoiceSweep | RangeSweep):
            return _categories(override)
    except ValueError as error:
        found = f"found {override.input_line}: {error}"
        raise SettingsError(f"expected a sweep that can be drawn from, {found}") from None
    wanted = f"interval, range, choice or a list for {override.key_or_group}"
    raise SettingsError(f"expected {wanted}, found {override.input_line}")


def _range(sweep: RangeSweep) -> BaseDistribution:
    """Return a stepped distribution; like Hydra's own range it stops short of `stop`."""
    points = list(sweep.range())
    if not points:
        raise ValueError("the range holds no value")
    if all(isinstance(bound, int) for bound in (sweep.start, sweep.step)):
        return IntDistribution(int(min(points)), int(max(points)), step=abs(int(sweep.step)))
    low, high = (round(float(point), _DIGITS) for point in (min(points), max(points)))
    return FloatDistribution(low, high, step=abs(float(sweep.step)))


def _categories(override: Override) -> tuple[BaseDistribution, dict[str, object]]:
    parser = OverridesParser.create()
    choices: list[Any] = []
    values: dict[str, object] = {}
    for text in override.sweep_string_iterator():
        value: object = parser.parse_override(f"key={text}").value()
        if isinstance(value, _PRIMITIVES) or value is None:
            choices.append(value)
        else:
            choices.append(text)
            values[text] = value
    return CategoricalDistribution(choices), values
