"""A better mean must not be paid for by the passengers of one planet, deck or kind."""

from fractions import Fraction

from spaceship.errors import ConfigError
from spaceship.evaluation.report import HoldOut
from spaceship.gate.pairing import shared_rows
from spaceship.gate.rule._base import Check, Comparison, Guard, check_number


class Slices(Guard):
    """Hold-out accuracy slice by slice, on the rows both have: the worst loss counts.

    Args:
        max_worsening: Most that the accuracy of a slice may fall, absolute.
        min_rows: Passengers that a slice must have to be looked at.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(
        self, *, max_worsening: float = 0.03, min_rows: int = 100, otherwise: str = "refused"
    ) -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.max_worsening = check_number("the slices' max_worsening", max_worsening, 0, 1)
        if isinstance(min_rows, bool) or not isinstance(min_rows, int) or min_rows < 1:
            message = f"expected the slices' min_rows to be 1 or more, found {min_rows!r}"
            raise ConfigError(f"{message}; see configs/gate/rule/slices.yaml")
        self.min_rows = min_rows

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the slice that lost most."""
        if compared.champion is None:
            return []
        mine, theirs = shared_rows(compared.candidate, compared.champion)
        losses = self._losses(mine, theirs)
        if not losses:
            told = f"no slice has {self.min_rows} passengers"
            number = Fraction() if mine.slices else None
            return [self.check("slice_worsening", number, "≤", self.max_worsening, detail=told)]
        worst = max(losses, key=lambda name: losses[name])
        told = f"worst of {len(losses)}: {worst}"
        return [self.check("slice_worsening", losses[worst], "≤", self.max_worsening, detail=told)]

    def _losses(self, mine: HoldOut, theirs: HoldOut) -> dict[str, Fraction]:
        """Return by how much the accuracy of each slice fell, below zero where it rose."""
        changes = [
            (theirs.predictions[n] == label) - (mine.predictions[n] == label)
            for n, label in enumerate(mine.labels)
        ]
        found: dict[str, list[int]] = {}
        for name, values in mine.slices.items():
            for value, change in zip(values, changes, strict=True):
                found.setdefault(f"{name}={value}", []).append(change)
        return {
            name: Fraction(sum(own), len(own))
            for name, own in found.items()
            if len(own) >= self.min_rows
        }
