"""A new champion's probabilities must mean as much as the old one's did."""

from spaceship.evaluation.report import HoldOut
from spaceship.gate.pairing import shared_rows
from spaceship.gate.rule._base import Check, Comparison, Guard, check_number

_BINS = 10


class Calibration(Guard):
    """Expected calibration error on the rows both have: it may not grow by more than a little.

    On a thousand passengers even true probabilities have an error of some 0.02.

    Args:
        max_worsening: Most that the error may grow, absolute.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(self, *, max_worsening: float = 0.02, otherwise: str = "refused") -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.max_worsening = check_number("the calibration's max_worsening", max_worsening, 0)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the growth."""
        if compared.champion is None:
            return []
        mine, theirs = (
            calibration_error(rows) for rows in shared_rows(compared.candidate, compared.champion)
        )
        told = f"{mine:.4f} against the champion's {theirs:.4f}"
        return [self.check("ece_worsening", mine - theirs, "≤", self.max_worsening, detail=told)]


def calibration_error(rows: HoldOut) -> float:
    """Return the expected calibration error, as `evaluation.metrics` has it, in plain Python."""
    surplus = [0.0] * _BINS
    for label, probability in zip(rows.labels, rows.probabilities, strict=True):
        surplus[min(int(probability * _BINS), _BINS - 1)] += label - probability
    return sum(map(abs, surplus)) / len(rows.labels)
