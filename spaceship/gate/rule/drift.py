"""A comparison counts for the passengers it was made on, and they may have changed since."""

from collections.abc import Sequence

from spaceship.drift.psi import psi
from spaceship.evaluation.report import HoldOut
from spaceship.gate.rule._base import AWARDS, Check, Comparison, Guard, check_number


class Drift(Guard):
    """Population stability index of the hold-out against that which the champion was judged on.

    Looked at are the slices and the label. Up to 0.1 is little, above 0.25 much (Siddiqi, "Credit
    Risk Scorecards", 2006). By itself drift speaks for a new champion rather than against it, so
    it is told and holds nobody back unless `otherwise` says so.

    Args:
        max_psi: Largest index of any of them.
        otherwise: The most that a candidate can earn if it is larger.

    """

    def __init__(self, *, max_psi: float = 0.25, otherwise: str = AWARDS[-1]) -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.max_psi = check_number("the drift's max_psi", max_psi, 0)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the largest index."""
        now, champion = compared.candidate.holdout, compared.champion
        if champion is None or now is None:
            return []
        then = champion.judged_on or champion.holdout
        indices = {} if then is None else _indices(then, now)
        if not indices:
            return [
                self.check("holdout_psi", None, "≤", self.max_psi, detail="no slices are known")
            ]
        worst = max(indices, key=lambda name: indices[name])
        return [self.check("holdout_psi", indices[worst], "≤", self.max_psi, detail=worst)]


def _indices(then: HoldOut, now: HoldOut) -> dict[str, float]:
    shared = sorted(then.slices.keys() & now.slices.keys())
    found = {name: index(then.slices[name], now.slices[name]) for name in shared}
    return found | {"Transported": index(then.labels, now.labels)} if found else {}


def index(then: Sequence[object], now: Sequence[object]) -> float:
    """Return the population stability index of two samples of levels."""
    levels = sorted({*then, *now}, key=str)
    before, after = (
        tuple(values.count(one) / len(values) for one in levels) for values in (then, now)
    )
    return psi(before, after)
