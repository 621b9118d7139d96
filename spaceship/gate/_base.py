"""What every promotion policy shares: the verdict, and the questions asked before any rule."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from spaceship.errors import ConfigError, RegistryError
from spaceship.gate._pairing import Pairing, find_objections, pair
from spaceship.record import VERSION, read_json, write_json
from spaceship.report import Report

AWARDS = ("refused", "challenger", "champion")
"""What a candidate can earn, from least to most."""

CEILINGS = AWARDS[1:]
VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class Check:
    """One rule's outcome.

    Attributes:
        rule: The rule's name, which says what the number is.
        number: What was measured, None if it could not be.
        threshold: What it was held against.
        passed: Whether it met the threshold.

    """

    rule: str
    number: float | None
    threshold: float | None
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """What a candidate earned, and why.

    Attributes:
        award: The highest alias earned, one of `AWARDS`.
        reason: One line for a person.
        rule: The name of the rule that the award rests on.
        numbers: The figures behind it; None for one that could not be computed.
        checks: The outcome of every rule that was looked at.

    """

    award: str
    reason: str
    rule: str
    numbers: dict[str, float | None] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an award that does not exist."""
        if self.award not in AWARDS:
            msg = f"An award must be one of {', '.join(sorted(AWARDS))}, got {self.award!r}."
            raise ValueError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        return {"version": VERSION, **asdict(self), "checks": [asdict(c) for c in self.checks]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Return the verdict that `to_dict` described; what was noted beside it is left out."""
        names = {one.name for one in fields(cls)}
        known = {key: value for key, value in content.items() if key in names}
        return cls(**known | {"checks": tuple(Check(**check) for check in known["checks"])})

    def write(self, folder: Path) -> None:
        """Write `verdict.json`, atomically."""
        write_json(folder / VERDICT_FILE, self.to_dict())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote; a missing verdict is a refusal.

        Raises:
            RegistryError: The file is broken or of another version.

        """
        path = folder / VERDICT_FILE
        if not path.exists():
            return cls("refused", f"Refused: no verdict was written to {path}.", "missing_verdict")
        try:
            return cls.from_dict(read_json(path))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"Expected a verdict in {path}, found {error!r}. Run the job again."
            raise RegistryError(msg) from error


class Gate(ABC):
    """A promotion policy: pure, so that the same reports always earn the same verdict.

    A policy says what a candidate earns with (`judge`) and without (`judge_first`) a champion to
    beat. What holds for all of them is settled in `decide`: who cannot be compared is refused.

    Args:
        moves: Whether aliases follow the verdict; without it the verdict is only logged.
        require: Whether a refusal is to end the run with exit status 3.
        cv_seeds: Seeds of the folds of repeated cross-validation that the policy wants to see.

    """

    def __init__(
        self, *, moves: bool = True, require: bool = False, cv_seeds: Sequence[int] = ()
    ) -> None:
        """Check the arguments."""
        for name, value in (("moves", moves), ("require", require)):
            if not isinstance(value, bool):
                msg = f"`gate.{name}` must be true or false, got {value!r}."
                raise ConfigError(msg)
        seeds = tuple(cv_seeds)
        if any(isinstance(seed, bool) or not isinstance(seed, int) for seed in seeds):
            msg = f"`gate.cv_seeds` must be whole numbers, got {list(seeds)}."
            raise ConfigError(msg)
        if len(set(seeds)) < len(seeds):
            msg = f"`gate.cv_seeds` must be distinct, got {list(seeds)}."
            raise ConfigError(msg)
        self.moves = moves
        self.require = require
        self.cv_seeds = seeds

    @abstractmethod
    def judge_first(self, candidate: Report) -> Verdict:
        """Return what a sound candidate earns while there is no champion."""

    @abstractmethod
    def judge(self, candidate: Report, champion: Report, pairing: Pairing) -> Verdict:
        """Return what a sound candidate earns against a sound champion."""

    def decide(
        self, candidate: Report | None, champion: Report | None, *, ceiling: str = "champion"
    ) -> Verdict:
        """Return what the candidate earns.

        Args:
            candidate: The candidate's report; None is a lost one, hence a refusal.
            champion: The report of the model in production; None only if there is no such model
                (for a champion whose report is lost, give `Report.missing`).
            ceiling: The most to award while a champion exists, "champion" or "challenger".

        """
        if ceiling not in CEILINGS:
            msg = f"The ceiling must be one of {', '.join(sorted(CEILINGS))}, got {ceiling!r}."
            raise ValueError(msg)
        objections = find_objections(candidate, champion)
        if candidate is None or objections:
            return Verdict("refused", f"Refused: {'; '.join(objections)}.", "comparable")
        if champion is None:
            return self.judge_first(candidate)
        return _cap(self.judge(candidate, champion, pair(candidate, champion)), ceiling)


def exact(value: float) -> Fraction:
    """Return the decimal number a person reads: 0.03 is 3/100, not its nearest binary."""
    return Fraction(repr(float(value)))


def check_number(name: str, value: float, low: float, high: float = math.inf) -> float:
    """Return a gate's argument if it lies within `low` and `high`, both included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        msg = f"`gate.{name}` must be a number from {low} to {high}, got {value!r}."
        raise ConfigError(msg)
    if math.isinf(value):
        msg = f"`gate.{name}` must be finite, got {value!r}."
        raise ConfigError(msg)
    return float(value)


def _cap(verdict: Verdict, ceiling: str) -> Verdict:
    """Lower an award to the ceiling."""
    if AWARDS.index(verdict.award) <= AWARDS.index(ceiling):
        return verdict
    reason = f"{verdict.reason} Capped at {ceiling}: this mode awards no more."
    return replace(verdict, award=ceiling, reason=reason, rule="ceiling")
