"""What every rule of a gate promises: checks that say what was measured and what it cost."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.pairing import Pairing

AWARDS = ("refused", "challenger", "champion")
"""What a candidate can earn, from least to most."""

_RELATIONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    ">": lambda number, threshold: number > threshold,
    "≥": lambda number, threshold: number >= threshold,
    "<": lambda number, threshold: number < threshold,
    "≤": lambda number, threshold: number <= threshold,
}


@dataclass(frozen=True)
class Check:
    """The outcome of one rule.

    Attributes:
        rule: The rule's name, which says what the number is.
        number: What was measured, None if it could not be.
        relation: What the number has to be to the threshold: `>`, `≥`, `<` or `≤`.
        threshold: What it was held against.
        passed: Whether it met the threshold.
        otherwise: The most that a candidate can earn that does not, one of `AWARDS`.
        detail: More for a person to read, such as an interval.

    """

    rule: str
    number: float | None
    relation: str
    threshold: float
    passed: bool
    otherwise: str = AWARDS[0]
    detail: str = ""

    def __str__(self) -> str:
        """Return the check as a person reads it."""
        number = "unknown" if self.number is None else f"{self.number:.5g}"
        told = f"{self.rule} {number} (must be {self.relation} {self.threshold:g})"
        return f"{told}, {self.detail}" if self.detail else told


@dataclass(frozen=True)
class Comparison:
    """What rules look at.

    Attributes:
        candidate: A sound report with hold-out predictions.
        champion: Likewise of the model in production, None if there is no such model.
        pairing: How both did on the hold-out rows they share, None without a champion.

    """

    candidate: Report
    champion: Report | None
    pairing: Pairing | None


class Guard(ABC):
    """One rule of a gate: pure, so that the same reports always give the same checks.

    Args:
        otherwise: The most that a candidate can earn that fails it: refused, challenger, or
            champion for a rule that is only to be told about.

    """

    cv_seeds: Sequence[int] = ()
    """Seeds of the folds of repeated cross-validation that the rule wants to see."""

    def __init__(self, *, otherwise: str = AWARDS[0]) -> None:
        """Check the argument."""
        if otherwise not in AWARDS:
            message = f"expected otherwise to be one of {', '.join(AWARDS)}, found {otherwise!r}"
            raise ConfigError(f"{message}; see configs/gate/rule")
        self.otherwise = otherwise

    @abstractmethod
    def checks(self, compared: Comparison) -> list[Check]:
        """Return what the rule finds; nothing where it has nothing to say."""

    def check(
        self,
        rule: str,
        number: Fraction | float | None,
        relation: str,
        threshold: float,
        *,
        detail: str = "",
    ) -> Check:
        """Return a check; a number that is unknown or not finite never passes.

        Numbers are compared as the decimals a person reads: 0.03 is 3/100.
        """
        exactly = _exact(number)
        passed = exactly is not None and _RELATIONS[relation](exactly, exact(threshold))
        shown = None if exactly is None else float(exactly)
        return Check(rule, shown, relation, threshold, passed, self.otherwise, detail)


def exact(value: float) -> Fraction:
    """Return the decimal number a person reads: 0.03 is 3/100, not its nearest binary."""
    return Fraction(repr(float(value)))


def check_number(name: str, value: float, low: float, high: float = math.inf) -> float:
    """Return a rule's argument if it is finite and from `low` to `high`, both included."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or math.isinf(value):
        upper = "" if math.isinf(high) else f" to {high:g}"
        message = f"expected {name} to be a finite number from {low:g}{upper}, found {value!r}"
        raise ConfigError(f"{message}; see configs/gate/rule")
    return float(value)


def _exact(number: Fraction | float | None) -> Fraction | None:
    if number is None or isinstance(number, Fraction):
        return number
    return exact(number) if math.isfinite(number) else None
