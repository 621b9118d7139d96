"""Evidence: better than a constant, and than the champion by more than luck explains."""

import math
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy.stats import t as student

from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Rule, Share, constant_check
from spaceship.task.label import Problem


class Evidence(Rule):
    """A gain that luck does not explain, on a hold-out that is large enough to say so.

    Nobody passes who is not three standard errors better than the best constant prediction, such as
    the commonest label. The rows of the gain are those that neither model was fitted on when it
    predicted them: of the training part, out of fold, and of the hold-out. Whole groups count as
    one draw, and the p-value is corrected for the looks so far. A hold-out of fewer than 25 groups
    measures an accuracy with a standard error of up to 10 points (0.5 / √25): it judges nobody.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(evidence=Evidence(alpha=0.05))
    >>> gate.decide(report(85, 100), report(80, 100)).numbers["evidence_p"]
    0.07407407407407406
    """

    alpha: Share = 0.05  # the corrected p-value must be below it, 0 to 1
    min_groups: Annotated[int, Field(strict=True, ge=2)] = 25  # in the hold-out

    def checks(self, compared: Comparison) -> list[Check]:
        """Return checks of the hold-out's size, of the score and, with a champion, of the gain."""
        groups = compared.holdout.group_names.nunique()
        how = "raise split.holdout_fraction or give more data" if groups < self.min_groups else ""
        checks = [
            self.check("holdout_groups", groups, "≥", self.min_groups, detail=how),
            constant_check(self, compared, "base_rate", compared.holdout.score),
        ]
        if compared.pairing is None:
            return checks
        rows = _paired(compared, compared.pairing)
        step = 0.0 if compared.holdout.problem is Problem.REGRESSION else 1.0
        p_value = paired_p(rows["gain"].to_numpy(), rows["group"].to_numpy(), step)
        out_of_fold = len(rows) - compared.pairing.rows
        where = f"{out_of_fold} rows out of fold and {compared.pairing.rows} held out"
        detail = f"mean gain {rows['gain'].mean():+.5f} on {where}; p {p_value:.2g}"
        if compared.looks.candidates > 1:
            detail += f", times {compared.looks.candidates} candidates so far"
        corrected = compared.looks.corrected(p_value)
        return [*checks, self.check("evidence_p", corrected, "<", self.alpha, detail=detail)]


def _paired(compared: Comparison, pairing: Pairing) -> pd.DataFrame:
    """Return gain and group of each row that both models predicted without having seen it."""
    names = pairing.candidate.group_names.to_numpy()
    parts = [pd.DataFrame({"gain": pairing.gains.to_numpy(float), "group": names})]
    mine = compared.candidate.out_of_fold
    theirs = None if compared.champion is None else compared.champion.out_of_fold
    if mine is not None and theirs is not None:
        both = mine.rows.join(theirs.rows["loss"].rename("champion"), how="inner")
        gains = both["champion"] - both["loss"]
        parts.append(pd.DataFrame({"gain": gains, "group": both["group"]}))
    return pd.concat(parts, ignore_index=True)


def paired_p(gains: npt.NDArray[np.float64], groups: npt.NDArray[np.object_], step: float) -> float:
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
    return float(student.sf((total - step) / spread, len(sums) - 1))
