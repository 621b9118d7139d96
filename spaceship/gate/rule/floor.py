"""A first champion has to be right often enough."""

from spaceship.gate.pairing import holdout_accuracy
from spaceship.gate.rule._base import Check, Comparison, Guard, check_number


class Floor(Guard):
    """Hold-out accuracy above a floor, asked of the first champion only.

    Whoever beats a champion has nothing more to prove. An accuracy of exactly the floor fails.

    Args:
        minimum: Hold-out accuracy to exceed, 0 to 1.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(self, *, minimum: float = 0.78, otherwise: str = "refused") -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        self.minimum = check_number("the floor's minimum", minimum, 0, 1)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the accuracy where there is no champion."""
        if compared.champion is not None:
            return []
        return [self.check("floor", holdout_accuracy(compared.candidate), ">", self.minimum)]
