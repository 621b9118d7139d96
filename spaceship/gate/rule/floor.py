"""Floor of the first champion's hold-out accuracy."""

from spaceship.gate.rule._base import Check, Comparison, Rule, Share


class Floor(Rule):
    """Hold-out accuracy above a floor, of a first champion only; exactly the floor fails.

    >>> first = Comparison(report(8, 10), report(8, 10).holdout)
    >>> Floor(minimum=0.7).checks(first)[0].passed
    True
    """

    minimum: Share = 0.78  # hold-out accuracy to exceed, 0 to 1

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check of the accuracy where there is no champion."""
        if compared.champion is not None:
            return []
        return [self.check("floor", compared.accuracy, ">", self.minimum)]
