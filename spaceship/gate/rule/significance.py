"""Significance of a gain in hold-out accuracy."""

from typing import Literal

import numpy as np
from scipy.stats import binomtest

from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Rule, Share
from spaceship.task.spaceship_titanic.columns import group_of

_RESAMPLES = 2000
_SEED = 2912


class Significance(Rule):
    """A paired test of the accuracies on the rows in both hold-outs, with an interval.

    `mcnemar` is exact and counts passengers one by one; `bootstrap` draws whole travel groups,
    whose members share their fate, and needs the lower end of the interval above zero.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(significance=Significance(alpha=0.05))
    >>> gate.decide(report(85, 100), report(80, 100)).numbers["mcnemar_p"]
    0.03125
    """

    test: Literal["mcnemar", "bootstrap"] = "mcnemar"
    alpha: Share = 0.05  # p must be below it, 0 to 1; the interval leaves out as much at either end

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the p-value, or of the interval's lower end."""
        if compared.pairing is None:
            return []
        low, high = bootstrap_interval(compared.pairing, self.alpha)
        detail = f"gain {low:+.4f} to {high:+.4f} in {1 - 2 * self.alpha:.0%} of resamples"
        if self.test == "bootstrap":
            return [self.check("bootstrap_low", low, ">", 0.0, detail=detail)]
        p_value = mcnemar(compared.pairing.wins, compared.pairing.losses)
        return [self.check("mcnemar_p", p_value, "<", self.alpha, detail=detail)]


def mcnemar(wins: int, losses: int) -> float:
    """Return the chance of so many wins if neither twin were better: McNemar's exact test.

    One-sided: the wins among the rows on which two equally good twins differ are
    Binomial(wins + losses, 1/2) (McNemar, Psychometrika 12, 1947; the exact form is the sign test).

    >>> mcnemar(5, 0), mcnemar(0, 0)
    (0.03125, 1.0)
    """
    differing = wins + losses
    return float(binomtest(wins, differing, alternative="greater").pvalue) if differing else 1.0


def bootstrap_interval(pairing: Pairing, alpha: float) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of the gain, `alpha` left out at either end.

    Travel groups are drawn with replacement (percentile method, fixed seed). Groups of the same
    gain and size are interchangeable, so that a draw is a multinomial count of each kind.

    >>> bootstrap_interval(Pairing.of(report(9, 10).holdout, report(9, 10).holdout), 0.05)
    (0.0, 0.0)
    """
    gains = pairing.gains
    groups = gains.groupby(group_of(gains.index.to_series())).agg(["sum", "size"])
    kinds, counts = np.unique(groups.to_numpy(), axis=0, return_counts=True)
    random = np.random.default_rng(_SEED)
    drawn = random.multinomial(len(groups), counts / len(groups), size=_RESAMPLES)
    resampled = (drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1])
    low, high = np.quantile(resampled, [alpha, 1 - alpha], method="nearest")
    return float(low), float(high)
