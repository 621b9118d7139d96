"""Slices of the hold-out in which the candidate is worse than the champion."""

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Rule, Share


class Slices(Rule):
    """Largest fall of the accuracy of one slice, on the rows in both hold-outs.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(slices=Slices(max_worsening=0.03))
    >>> gate.decide(report(8, 10), report(8, 10)).checks[0].detail
    'no slice has 100 passengers'
    """

    max_worsening: Share = 0.03  # largest fall that is accepted, absolute
    min_rows: Annotated[int, Field(strict=True, ge=1)] = 100  # of a slice that is compared

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the slice that fell most."""
        if compared.pairing is None:
            return []
        falls = self._falls(compared.pairing)
        worst = max(falls, key=lambda name: falls[name], default="")
        detail = f"worst of {len(falls)}: {worst}"
        number = falls.get(worst)
        if number is None:
            detail = f"no slice has {self.min_rows} passengers"
            number = None if compared.pairing.candidate.slices.empty else Fraction()
        return [self.check("slice_worsening", number, "≤", self.max_worsening, detail=detail)]

    def _falls(self, pairing: Pairing) -> dict[str, Fraction]:
        """Return the fall of each slice's accuracy, below zero where it rose."""
        lost = -pairing.gains
        return {
            f"{name}={value}": Fraction(int(own.sum()), len(own))
            for name, values in pairing.candidate.slices.items()
            for value, own in lost.groupby(values, sort=False)
            if len(own) >= self.min_rows
        }
