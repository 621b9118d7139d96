"""From one sweep of Hydra's override grammar to what Optuna draws from."""

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

from spaceship.errors import ConfigError

PRIMITIVES = (bool, int, float, str)
_ONLY_INTERVALS = "the tag log needs an interval, such as tag(log, int(interval(1, 100)))"
_DIGITS = 12
"""Decimals to which a range's last point is rounded, so that it lies on the range's steps."""


@dataclass(frozen=True)
class Parameter:
    """One value that is swept.

    Attributes:
        key: The config key it sets.
        distribution: What Optuna draws from.
        values: What a drawn category stands for, where it is not the value itself.
        prefix: `+` or `++` where the key is added to the config, else nothing.

    """

    key: str
    distribution: BaseDistribution
    values: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""

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

    def points(self) -> Iterator[Any]:
        """Return everything that can be drawn.

        Raises:
            ConfigError: There is no end of it.

        """
        of = self.distribution
        if isinstance(of, CategoricalDistribution):
            yield from of.choices
        elif of.step is None:  # type: ignore[attr-defined]
            message = f"expected a range or choices for {self.key} under sampler=grid, found {of}"
            raise ConfigError(f"{message}; give it a step: range(0, 1, step=0.1)")
        else:
            steps = int((of.high - of.low) / of.step + 0.5) + 1  # type: ignore[attr-defined]
            points = (of.low + of.step * index for index in range(steps))  # type: ignore[attr-defined]
            yield from (one if isinstance(one, int) else round(one, _DIGITS) for one in points)


def distribution(override: Override) -> tuple[BaseDistribution, dict[str, Any]]:
    """Return what Optuna draws from for a sweep, and what its categories stand for.

    Raises:
        ConfigError: The sweep is empty or of a kind that cannot be drawn from.

    """
    sweep = override.value()
    try:
        if not isinstance(sweep, IntervalSweep) and "log" in getattr(sweep, "tags", ()):
            raise ValueError(_ONLY_INTERVALS)  # noqa: TRY301 - one message for every kind
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
        return IntDistribution(int(min(points)), int(max(points)), step=abs(int(sweep.step)))
    low, high = (round(float(point), _DIGITS) for point in (min(points), max(points)))
    return FloatDistribution(low, high, step=abs(float(sweep.step)))


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
