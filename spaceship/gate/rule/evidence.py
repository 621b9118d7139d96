"""Evidence: p-values of a gain over a constant and over the champion, corrected for luck."""

import math
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.gate.award import Award
from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Share, Titles
from spaceship.task.arrays import Floats
from spaceship.task.label import Problem


class Evidence(Rule):
    """A gain that luck does not explain, on a hold-out that is large enough.

    A candidate is tested against the best constant prediction, such as the commonest label, and
    against the champion, on the rows that a model was not fitted on when it predicted them: of the
    training part, out of fold, and of the hold-out. Whole groups count as one draw, and the p-value
    is multiplied by the number of candidates so far. A hold-out of fewer than 25 groups measures an
    accuracy with a standard error of up to 10 points (0.5 / √25): too large to judge.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(evidence=Evidence(alpha=0.05))
    >>> gate.decide(report(85, 100), report(80, 100)).numbers["evidence_p"]
    0.07407407407407406
    """

    titles: ClassVar[Titles] = {
        "holdout_groups": ("Groups in the hold-out", ""),
        "base_rate_p": ("Better than a constant guess", "p"),
        "evidence_p": ("Better than the champion", "p"),
        "mean_gain": ("Relative gain on all rows", "%"),
    }
    alpha: Share = 0.05  # the corrected p-value must be below it, 0 to 1
    champion_gain: Amount = 0.03  # relative gain on all these rows below which nobody is champion
    min_groups: Annotated[int, Field(strict=True, ge=2)] = 25  # in the hold-out

    def checks(self, compared: Comparison) -> list[Check]:
        groups = compared.holdout.group_names.nunique()
        how = "raise split.holdout_fraction or give more data" if groups < self.min_groups else ""
        checks = [
            self.check("holdout_groups", groups, "≥", self.min_groups, detail=how),
            self._check("base_rate_p", compared, _over_constant(compared)),
        ]
        if compared.pairing is not None:
            gains = _over_champion(compared, compared.pairing)
            checks.append(self._check("evidence_p", compared, gains))
            checks.append(self._mean_gain(gains, compared.pairing))
        return checks

    def _check(self, name: str, compared: Comparison, gains: pd.DataFrame) -> Check:
        """Return a check of the corrected p-value of gains by row."""
        numbers = compared.holdout.problem is Problem.REGRESSION
        step, unit = (0.0, " of squared error") if numbers else (1.0, "")
        p_value = paired_p(gains["gain"].to_numpy(), gains["group"].to_numpy(), step)
        held = int(gains["held_out"].sum())
        where = f"{len(gains) - held} rows out of fold and {held} held out"
        detail = f"mean gain {gains['gain'].mean():+.5f}{unit} on {where}"
        candidates = compared.looks.ever
        corrected = min(1.0, p_value * candidates)
        if candidates > 1:
            times = f"\N{MULTIPLICATION SIGN} {candidates} candidates tried"
            detail += f"; p {p_value:.3g} {times} = {corrected:.2g}"
        return self.check(name, corrected, "<", self.alpha, detail=detail)

    def _mean_gain(self, gains: pd.DataFrame, pairing: Pairing) -> Check:
        """Return a check of the gain on all these rows, relative to the champion's hold-out score.

        A small hold-out that a candidate chose could show a large gain by luck.
        """
        score, mean = float(pairing.champion.score), float(gains["gain"].mean())
        if pairing.candidate.problem is Problem.REGRESSION:
            mean = score - math.sqrt(max(0.0, score**2 - mean)) if score**2 > mean else score
        relative = mean / score if score else math.inf
        check = self.check("mean_gain", relative, "≥", self.champion_gain)
        return replace(check, otherwise=Award.CHALLENGER)


def _over_constant(compared: Comparison) -> pd.DataFrame:
    """Return the gain of each row over the best constant prediction."""
    rows = compared.holdout
    held = _gains(rows.constant_losses - rows.losses.to_numpy(float), rows, held_out=True)
    if (mine := compared.candidate.out_of_fold) is None:
        return held
    folds = _gains(mine.rows["constant"] - mine.rows["loss"], mine.rows, held_out=False)
    return pd.concat([held, folds], ignore_index=True)


def _over_champion(compared: Comparison, pairing: Pairing) -> pd.DataFrame:
    """Return the gain over the champion of each row that both models have predicted."""
    held = _gains(pairing.gains.to_numpy(float), pairing.candidate, held_out=True)
    mine = compared.candidate.out_of_fold
    theirs = None if compared.champion is None else compared.champion.out_of_fold
    if mine is None or theirs is None:
        return held
    both = mine.rows.join(theirs.rows["loss"].rename("champion"), how="inner")
    folds = _gains(both["champion"] - both["loss"], both, held_out=False)
    return pd.concat([held, folds], ignore_index=True)


def _gains(gains: npt.ArrayLike, rows: HoldOut | pd.DataFrame, *, held_out: bool) -> pd.DataFrame:
    groups = rows.group_names if isinstance(rows, HoldOut) else rows["group"]
    columns = {"gain": np.asarray(gains, float), "group": groups.to_numpy()}
    return pd.DataFrame(columns | {"held_out": held_out})


def paired_p(gains: Floats, groups: npt.NDArray[np.object_], step: float) -> float:
    """Return the chance of so large a sum of gains if neither model were better.

    The sums of groups are independent draws around zero: their total over the root of their sum of
    squares follows Student's t (one-sided; for classes this is McNemar's test by group). `step` is
    the least difference between two totals, for the continuity correction; 0 for numbers.

    >>> round(paired_p(np.array([1.0] * 5), np.array([*"abcde"]), step=1.0), 3)
    0.074
    """
    sums = pd.Series(gains).groupby(groups).sum().to_numpy()
    sums = sums[sums != 0]
    if len(sums) <= 1 or (total := float(sums.sum())) <= 0:
        return 1.0
    spread = math.sqrt(float((sums**2).sum()))
    from scipy.stats import t as student

    return float(student.sf((total - step) / spread, len(sums) - 1))
