"""Shift of the hold-out since the champion was judged."""

import pandas as pd

from spaceship.drift.psi import psi
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule
from spaceship.task.label import Problem


class HoldoutShift(Rule):
    """Population stability index between this hold-out and the one the champion was judged on.

    Compared are slices and label. Up to 0.1 is little, above 0.25 much (Siddiqi, "Credit Risk
    Scorecards", 2006). A shift is a reason for a new champion rather than against it, so the rule
    only informs unless `otherwise` is lower.

    >>> compared = Comparison(report(8, 10), report(8, 10).holdout, champion=report(8, 10))
    >>> str(HoldoutShift(max_psi=0.25).checks(compared)[0])
    'holdout_psi unknown (must be ≤ 0.25), no slices are known'
    """

    max_psi: Amount = 0.25  # largest index of any of them
    otherwise: Award = Award.CHAMPION

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the largest index."""
        if compared.champion is None:
            return []
        then = compared.champion.judged_on or compared.champion.holdout
        task = compared.candidate.task
        sliced = not task or "slices" in task
        shifts = {} if then is None else _shifts(then, compared.holdout, sliced=sliced)
        if not shifts and not sliced:
            return []  # numbers to predict
        worst = max(shifts, key=lambda name: shifts[name], default="no slices are known")
        return [self.check("holdout_psi", shifts.get(worst), "≤", self.max_psi, detail=worst)]


def _shifts(then: HoldOut, now: HoldOut, *, sliced: bool) -> dict[str, float]:
    """Return the index of each slice that both know, and of a label of classes if there is one.

    Of a task without slices, the label is all there is to compare.
    """
    shared = sorted({*then.slices} & {*now.slices})
    shifts = {name: stability(then.slices[name], now.slices[name]) for name in shared}
    if (shared or not sliced) and now.problem is not Problem.REGRESSION:
        shifts[now.label] = stability(then.rows.iloc[:, 0], now.rows.iloc[:, 0])
    return shifts


def stability(then: pd.Series, now: pd.Series) -> float:
    """Return the population stability index of two samples of levels.

    >>> stability(pd.Series([*"AB"]), pd.Series([*"BA"]))
    0.0
    """
    shares = [sample.astype("str").value_counts(normalize=True) for sample in (then, now)]
    table = pd.concat(shares, axis=1).fillna(0.0).sort_index()
    return psi(table.iloc[:, 0].tolist(), table.iloc[:, 1].tolist())
