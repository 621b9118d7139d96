"""A gain on the hold-out must be more than luck with these passengers."""

import random

from spaceship.errors import ConfigError
from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Guard, check_number

TESTS = ("mcnemar", "bootstrap")
_RESAMPLES = 2000
_SEED = 2912


class Significance(Guard):
    """A paired test of the accuracies on the rows both have, its interval told in either case.

    `mcnemar` is exact and looks at passengers one by one; `bootstrap` draws whole travel groups,
    whose members share their fate, and asks that the lower end of the interval is above zero.

    Args:
        test: mcnemar or bootstrap.
        alpha: What p has to be below, 0 to 1; the interval leaves out as much at its lower end.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(
        self, *, test: str = "mcnemar", alpha: float = 0.05, otherwise: str = "refused"
    ) -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        if test not in TESTS:
            message = f"expected the test to be one of {', '.join(TESTS)}, found {test!r}"
            raise ConfigError(f"{message}; see configs/gate/rule/significance.yaml")
        self.test = test
        self.alpha = check_number("the significance's alpha", alpha, 0, 1)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the test's figure."""
        if compared.pairing is None:
            return []
        low, high = interval(compared.pairing, self.alpha)
        told = f"gain {low:+.4f} to {high:+.4f} in {1 - 2 * self.alpha:.0%} of resamples"
        if self.test == "mcnemar":
            p_value = compared.pairing.p_value
            return [self.check("mcnemar_p", p_value, "<", self.alpha, detail=told)]
        return [self.check("bootstrap_low", low, ">", 0.0, detail=told)]


def interval(pairing: Pairing, alpha: float) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of the gain, `alpha` left out at either.

    Travel groups are drawn with replacement, the percentile method; the same figures each time.
    """
    draw = random.Random(_SEED)  # noqa: S311 - statistics, not secrets
    groups = pairing.groups
    gains = []
    for _ in range(_RESAMPLES):
        drawn = draw.choices(groups, k=len(groups))
        gains.append(sum(gain for gain, _ in drawn) / sum(rows for _, rows in drawn))
    gains.sort()
    last = _RESAMPLES - 1
    return gains[round(alpha * last)], gains[round((1 - alpha) * last)]
