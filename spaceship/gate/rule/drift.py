"""Shift of the hold-out since the champion was judged."""

from typing import ClassVar

from spaceship.drift.psi import psi
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Titles


class HoldoutShift(Rule):
    """Population stability index between this hold-out and the one the champion was judged on.

    Compared are slices and label. Up to 0.1 is little, above 0.25 much (Siddiqi, "Credit Risk
    Scorecards", 2006). A shift is a reason for a new champion rather than against it, so the rule
    only informs unless `otherwise` is lower.

    >>> compared = Comparison(report(8, 10), report(8, 10).holdout, champion=report(8, 10))
    >>> str(HoldoutShift(max_psi=0.25).checks(compared)[0])
    'Shift of the hold-out (PSI) unknown (must be ≤ 0.25), no slices are known'
    """

    titles: ClassVar[Titles] = {"holdout_psi": ("Shift of the hold-out (PSI)", "")}
    max_psi: Amount = 0.25  # largest index of any of them
    otherwise: Award = Award.CHAMPION

    def checks(self, compared: Comparison) -> list[Check]:
        if compared.champion is None:
            return []
        champion, now = compared.champion, compared.holdout
        then = champion.holdout_shares or (champion.holdout.shares if champion.holdout else {})
        task = compared.candidate.task
        sliced = not task or "slices" in task
        shared = [name for name in now.shares if name in then]
        if not shared and not sliced:
            return []  # numbers to predict
        if sliced and set(shared) <= {now.label}:  # of a task without slices, the label is all
            shared = []
        shifts = {name: _stability(then[name], now.shares[name]) for name in shared}
        worst = max(shifts, key=lambda name: shifts[name], default="no slices are known")
        return [self.check("holdout_psi", shifts.get(worst), "≤", self.max_psi, detail=worst)]


def _stability(then: dict[str, float], now: dict[str, float]) -> float:
    levels = sorted({*then, *now})
    before, after = ([shares.get(level, 0.0) for level in levels] for shares in (then, now))
    return psi(before, after)
