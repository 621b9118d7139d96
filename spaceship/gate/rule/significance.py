"""Significance of a gain in the hold-out score alone, by McNemar's test or bootstrap."""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Rule, Share, Titles
from spaceship.task.label import Problem

_RESAMPLES = 2000
_SEED = 2912
_FEWEST = 5  # resamples beyond an end of the interval
_KINDS_AT_ONCE = 500  # more kinds of groups are drawn in several parts, to save memory


class Significance(Rule):
    """A paired test of the losses on the rows in both hold-outs, corrected for the looks so far.

    `mcnemar` is exact and counts rows one by one; `bootstrap` draws whole groups, whose rows are
    alike, and needs the lower end of the interval above zero. Squared errors of numbers are tested
    by `bootstrap` alone.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(significance=Significance(alpha=0.05))
    >>> gate.decide(report(85, 100), report(80, 100)).numbers["mcnemar_p"]
    0.03125
    """

    titles: ClassVar[Titles] = {
        "bootstrap_low": ("Gain that resampling leaves, at the least", ""),
        "mcnemar_p": ("Better on the hold-out", "p"),
    }
    test: Literal["mcnemar", "bootstrap"] = "mcnemar"
    alpha: Share = 0.05  # p must be below it, 0 to 1; the interval leaves out as much at either end

    def checks(self, compared: Comparison) -> list[Check]:
        if compared.pairing is None:
            return []
        pairing, numbers = compared.pairing, compared.holdout.problem is Problem.REGRESSION
        alpha = self.alpha / compared.looks.candidates
        low, high = bootstrap_interval(pairing, alpha)
        of = " in squared error" if numbers else ""
        detail = f"gain{of} {low:+.4f} to {high:+.4f} in {100 * (1 - 2 * alpha):.5g}% of resamples"
        if self.test == "bootstrap" or numbers:
            return [self.check("bootstrap_low", low, ">", 0.0, detail=detail)]
        p_value = compared.looks.corrected(mcnemar(pairing.wins, pairing.losses))
        return [self.check("mcnemar_p", p_value, "<", self.alpha, detail=detail)]


def mcnemar(wins: int, losses: int) -> float:
    """Return the chance of so many wins if neither twin were better: McNemar's exact test.

    One-sided: the wins among the rows on which two equally good twins differ are
    Binomial(wins + losses, 1/2) (McNemar, Psychometrika 12, 1947; the exact form is the sign test).

    >>> mcnemar(5, 0), mcnemar(0, 0)
    (0.03125, 1.0)
    """
    from scipy.stats import binomtest

    differing = wins + losses
    return float(binomtest(wins, differing, alternative="greater").pvalue) if differing else 1.0


def bootstrap_interval(pairing: Pairing, alpha: float) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of the mean gain, `alpha` left out at either end.

    Groups are drawn with replacement (percentile method, fixed seed). Groups of the same gain and
    size are interchangeable, so that a draw is a multinomial count of each kind.

    >>> bootstrap_interval(Pairing.of(report(9, 10).holdout, report(9, 10).holdout), 0.05)
    (0.0, 0.0)
    """
    names = pairing.candidate.group_names.to_numpy()
    gains = pd.Series(pairing.gains.to_numpy()).groupby(names).agg(["sum", "size"])
    kinds, counts = np.unique(gains.to_numpy(), axis=0, return_counts=True)
    random, resampled = np.random.default_rng(_SEED), []
    for part in np.array_split(np.arange(_RESAMPLES), max(1, len(kinds) // _KINDS_AT_ONCE)):
        drawn = random.multinomial(len(gains), counts / len(gains), size=len(part))
        resampled.append((drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1]))
    means = np.concatenate(resampled)
    if alpha * _RESAMPLES < _FEWEST:  # so far out, only a normal curve knows
        from scipy.stats import norm

        centre, far = means.mean(), norm.isf(alpha) * means.std()
        return float(centre - far), float(centre + far)
    low, high = np.quantile(means, [alpha, 1 - alpha], method="nearest")
    return float(low), float(high)
