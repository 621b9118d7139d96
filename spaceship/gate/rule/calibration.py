"""Calibration of a new champion's probabilities."""

from typing import ClassVar

from spaceship.evaluation.twins import holdout_metrics
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Titles
from spaceship.task.label import Problem


class Calibration(Rule):
    """Growth of the expected calibration error on the rows in both hold-outs.

    With a thousand rows even true probabilities have an error of some 0.02. Numbers that are
    predicted have no calibration: the rule does not apply to them.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(calibration=Calibration(max_worsening=0.02))
    >>> gate.decide(report(8, 10), report(8, 10)).numbers["ece_worsening"]
    0.0
    """

    titles: ClassVar[Titles] = {"ece_worsening": ("Calibration error grows by", "")}
    max_worsening: Amount = 0.02  # largest growth that is accepted, absolute

    def checks(self, compared: Comparison) -> list[Check]:
        pairing = compared.pairing
        if pairing is None or pairing.candidate.problem is Problem.REGRESSION:
            return []
        pair = pairing.candidate, pairing.champion
        mine, theirs = (holdout_metrics(rows)["holdout_ece"] for rows in pair)
        detail = f"{mine:.4f} against the champion's {theirs:.4f}"
        return [self.check("ece_worsening", mine - theirs, "≤", self.max_worsening, detail=detail)]
