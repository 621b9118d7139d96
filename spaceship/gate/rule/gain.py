"""Gain in the hold-out score over the champion: 3 % by default (configs/gate/rule/gain.yaml)."""

from dataclasses import replace
from typing import ClassVar

from spaceship.gate.award import Award
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Titles


class Gain(Rule):
    """Gain in accuracy, or fall of the RMSE, on the rows in both hold-outs.

    No gain is a refusal. A gain over the champion's score below the minimum is worth a challenger
    at most. Accuracies are compared as fractions of counts, so that exactly the minimum is enough.
    Any gain is enough over a champion that is never right.

    >>> from spaceship.gate.policy import Gate
    >>> str(Gate(gain=Gain(minimum=0.03)).decide(report(81, 100), report(80, 100)).award)
    'challenger'
    """

    titles: ClassVar[Titles] = {
        "any_gain": ("Gain on the hold-out", ""),
        "relative_gain": ("Relative gain on the hold-out", "%"),
    }
    minimum: Amount = 0.03  # relative gain of a new champion; 0.03 is 3 %
    otherwise: Award = Award.CHALLENGER

    def checks(self, compared: Comparison) -> list[Check]:
        pairing = compared.pairing
        if pairing is None:
            return []
        some = self.check("any_gain", pairing.gain, ">", 0.0)
        checks = [replace(some, otherwise=Award.REFUSED)]
        if (relative := pairing.relative_gain) is not None:
            checks.append(self.check("relative_gain", relative, "≥", self.minimum))
        return checks
