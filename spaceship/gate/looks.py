"""Looks: comparisons on one hold-out, their number, and the correction of p-values for it."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Looks:
    """The number of this comparison on a hold-out, and of the candidates compared so far.

    Of many equally good candidates the best one gains by luck alone. A p-value is multiplied by the
    number of candidates so far (Bonferroni), so that a first false challenger is as improbable at
    the hundredth look as at the first.

    >>> Looks(number=40, candidates=40).corrected(0.01)
    0.4
    """

    number: int = 1  # of this look, the earlier ones included
    candidates: int = 1  # the candidates of these looks: the best of a sweep counts its rivals too
    ever: int = 1  # those before a reseal, too: another hold-out leaves the training rows' luck

    @classmethod
    def nth(cls, number: int) -> Self:
        """Return the looks after single candidates on one hold-out.

        >>> Looks.nth(3)
        Looks(number=3, candidates=3, ever=3)
        """
        return cls(number, number, number)

    def corrected(self, p_value: float) -> float:
        """Return a p-value of the hold-out after the correction, 1 at the most."""
        return min(1.0, p_value * self.candidates)

    def margin(self, least: float) -> float:
        """Return the standard errors to demand: `least`, or more after many looks.

        >>> Looks(1, 1).margin(3.0)
        3.0
        """
        from scipy.stats import norm

        return max(least, float(norm.isf(0.05 / self.candidates)))

    def luck(self, error: float) -> float:
        """Return the gain by luck of the best of so many candidates, as good as the champion.

        It is the expected maximum of normal draws (Blom, "Statistical Estimates and Transformed
        Beta-Variables", 1958) with the standard error of one gain.

        >>> round(Looks(40, 40).luck(0.005), 4), Looks(1, 1).luck(0.005)
        (0.0108, 0.0)
        """
        from scipy.stats import norm

        among = self.candidates
        return error * float(norm.ppf((among - 0.375) / (among + 0.25))) if among > 1 else 0.0
