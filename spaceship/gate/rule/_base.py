"""Base of the gate's rules: a rule compares figures with thresholds and returns the checks."""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from spaceship.config.arguments import Configured
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import metric_title
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.looks import Looks
from spaceship.gate.pairing import Pairing

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Number = Fraction | float | None
Relation = Literal[">", "≥", "<", "≤"]
Unit = Literal["", "%", "p"]
"""Of a figure: a plain number, a share to be read as per cent, a p-value."""
Titles = Mapping[str, tuple[str, Unit]]
"""Of a rule's figures, by name: the words for it, and its unit."""
_LARGE = 10.0  # from here on two decimals are enough
_PLACES = 4  # decimals of figures, as in the table of scores
_LEAST_P = 0.001  # below it, the digits of a p-value say nothing
_MARGIN = 3.0  # standard errors between the best constant prediction and a candidate
_RELATIONS = {">": operator.gt, "≥": operator.ge, "<": operator.lt, "≤": operator.le}


@dataclass(frozen=True)
class Check:
    """The outcome of one comparison with a threshold."""

    rule: str  # name of the figure, such as "relative_gain"
    number: float | None  # the figure; None if it is unknown
    relation: Relation  # the relation to the threshold that passes
    threshold: float  # the number that it is compared with
    passed: bool  # whether it meets the threshold
    otherwise: Award = Award.REFUSED  # the highest award for a candidate that fails
    detail: str = ""  # a remark for a person, such as an interval
    title: str = ""  # the figure in words
    unit: Unit = ""

    @property
    def named(self) -> str:
        """The title, or the name of a rule without one."""
        return self.title or self.rule

    @property
    def found(self) -> str:
        """The figure as a person reads it."""
        if self.number is None:
            return "unknown"
        if self.unit == "p":
            return f"p {self.number:.2g}" if self.number >= _LEAST_P else f"p < {_LEAST_P}"
        text = self._shown(self.number)
        if text == self._shown(self.threshold) and self.number != self.threshold:
            return f"{self._scale * self.number:.6g}{self._end}"  # or the outcome seems wrong
        return text

    @property
    def required(self) -> str:
        """The relation to the threshold, as a person reads it."""
        return f"{self.relation} {self._shown(self.threshold)}"

    @property
    def _scale(self) -> float:
        return 100.0 if self.unit == "%" else 1.0

    @property
    def _end(self) -> str:
        return " %" if self.unit == "%" else ""

    def _shown(self, value: float) -> str:
        """Return a figure with no more digits than the table of scores has."""
        places = 2 if self.unit == "%" or abs(value) >= _LARGE else _PLACES
        text = f"{self._scale * value:.{places}f}".rstrip("0").rstrip(".")
        return f"{'0' if text == '-0' else text}{self._end}"

    def __str__(self) -> str:
        text = f"{self.named} {self.found} (must be {self.required})"
        return f"{text}, {self.detail}" if self.detail else text


@dataclass(frozen=True)
class Comparison:
    """The figures that a rule may use."""

    candidate: Report  # without faults
    holdout: HoldOut  # the candidate's
    champion: Report | None = None  # None if there is no model in production
    pairing: Pairing | None = None  # the rows in both hold-outs; None without a champion
    looks: Looks = field(default_factory=Looks)  # at the hold-out, this one included


class Rule(Configured, ABC):
    """One rule of a gate: pure, so that the same reports always give the same checks."""

    hint: ClassVar[str] = "see configs/gate/rule"
    titles: ClassVar[Titles] = {}
    at_once: ClassVar[bool] = True  # whether a candidate that was just fitted can pass
    otherwise: Award = Award.REFUSED  # the highest award for a candidate that fails

    @property
    def cv_seeds(self) -> tuple[int, ...]:
        """Seeds of the folds of repeated cross-validation that the rule needs."""
        return ()

    @abstractmethod
    def checks(self, compared: Comparison) -> list[Check]:
        """Return the checks; none where the rule does not apply."""

    def check(
        self, rule: str, number: Number, relation: Relation, threshold: float, *, detail: str = ""
    ) -> Check:
        """Return a check; a number that is unknown or not finite never passes.

        Numbers are compared as the decimals a person reads: 0.03 is 3/100.
        """
        known = number is not None and math.isfinite(number)
        exactly = exact(number) if number is not None and known else None
        passed = exactly is not None and _RELATIONS[relation](exactly, exact(threshold))
        value = None if exactly is None else float(exactly)
        title, unit = self.titles.get(rule, ("", ""))
        return Check(rule, value, relation, threshold, passed, self.otherwise, detail, title, unit)


def constant_check(rule: Rule, compared: Comparison, name: str, score: Number) -> Check:
    """Return the check that a score is better than the best constant prediction by a margin."""
    metric, (dummy, error) = compared.holdout.metric, compared.holdout.constant
    margin = compared.looks.margin(_MARGIN)
    best = f"the best constant prediction has {metric_title(metric)} {dummy:.5g}"
    detail = f"{best}; {margin:.3g} standard errors"
    if metric == "accuracy":
        return rule.check(name, score, ">", dummy + margin * error, detail=f"{detail} above it")
    floor = max(0.0, dummy - margin * error)
    return rule.check(name, score, "<", floor, detail=f"{detail} below it")


def exact(value: Fraction | float) -> Fraction:
    """Return the decimal number a person reads, not its nearest binary.

    >>> exact(0.03)
    Fraction(3, 100)
    """
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))
