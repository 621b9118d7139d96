"""Gain in hold-out accuracy over the champion."""

from dataclasses import replace
from fractions import Fraction

from spaceship.gate.award import Award
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule


class Gain(Rule):
    """Gain in accuracy on the rows in both hold-outs, the predecessor's rule.

    No gain is a refusal. A relative gain `(candidate - champion) / champion` below the minimum is
    worth a challenger at most. Accuracies are compared as fractions of counts, so that exactly the
    minimum is enough. Any gain is enough over a champion that is never right.

    >>> from spaceship.gate.policy import Gate
    >>> str(Gate(gain=Gain(minimum=0.03)).decide(report(81, 100), report(80, 100)).award)
    'challenger'
    """

    minimum: Amount = 0.03  # relative gain of a new champion; 0.03 is 3 %
    otherwise: Award = Award.CHALLENGER

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of any gain and one of the relative gain."""
        pairing = compared.pairing
        if pairing is None:
            return []
        theirs = pairing.champion.n_correct
        gain = pairing.candidate.n_correct - theirs
        some = self.check("any_gain", Fraction(gain, pairing.rows), ">", 0.0)
        checks = [replace(some, otherwise=Award.REFUSED)]
        if theirs:
            checks.append(self.check("relative_gain", Fraction(gain, theirs), "≥", self.minimum))
        return checks
