"""A champion has to fit where it is served."""

from spaceship.gate.rule._base import Check, Comparison, Guard, check_number


class Size(Guard):
    """Size of the serving model on disk, its code included.

    Args:
        max_mb: Megabytes (10⁶ bytes) that it may take.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(self, *, max_mb: float = 100.0, otherwise: str = "refused") -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.max_mb = check_number("the size's max_mb", max_mb, 0)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the candidate's size."""
        found = compared.candidate.metrics.get("model_mb")
        return [self.check("model_mb", found, "≤", self.max_mb)]
