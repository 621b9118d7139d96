"""A candidate has to be better than the champion, and much better to take its place."""

from dataclasses import replace
from fractions import Fraction

from spaceship.gate.rule._base import AWARDS, Check, Comparison, Guard, check_number


class Gain(Guard):
    """Gain in hold-out accuracy on the rows both have, the predecessor's rule.

    No gain is a refusal. A relative gain `(candidate - champion) / champion` below the minimum
    makes challenger at the most. Accuracies are compared as fractions of counts: a gain of exactly
    the minimum is enough. From a champion that is never right, any gain is.

    Args:
        minimum: Relative gain that is worth a new champion; 0.03 is 3 %.
        otherwise: The most that a smaller gain can earn.

    """

    def __init__(self, *, minimum: float = 0.03, otherwise: str = "challenger") -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.minimum = check_number("the gain's minimum", minimum, 0)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of any gain and one of the relative gain."""
        pairing = compared.pairing
        if pairing is None:
            return []
        gain = Fraction(pairing.candidate_correct - pairing.champion_correct, pairing.rows)
        least = replace(self.check("any_gain", gain, ">", 0.0), otherwise=AWARDS[0])
        if pairing.champion_correct == 0:
            return [least]
        base = Fraction(pairing.champion_correct, pairing.rows)
        return [least, self.check("relative_gain", gain / base, "≥", self.minimum)]
