"""A champion has to answer in time."""

from spaceship.gate.rule._base import Check, Comparison, Guard, check_number


class Latency(Guard):
    """Time to predict, measured as the folds of cross-validation were scored.

    Args:
        max_ms: Milliseconds that 1,000 passengers may take.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(self, *, max_ms: float = 500.0, otherwise: str = "refused") -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.max_ms = check_number("the latency's max_ms", max_ms, 0)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the candidate's time."""
        rows_per_second = compared.candidate.metrics.get("predict_rows_per_second", 0.0)
        number = 1e6 / rows_per_second if rows_per_second > 0 else None
        return [self.check("ms_per_1000_rows", number, "≤", self.max_ms)]
