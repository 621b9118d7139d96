"""Floor of the hold-out score below which no candidate is promoted."""

from typing import ClassVar

from spaceship.gate.rule._base import Check, Comparison, Rule, Share, Titles, constant_check


class Floor(Rule):
    """Hold-out score better than a floor; exactly the floor fails.

    A minimum is an accuracy that a first champion must exceed. Without one, and for numbers, every
    candidate must be better than the best constant prediction by three standard errors.

    >>> first = Comparison(report(8, 10), report(8, 10).holdout)
    >>> Floor(minimum=0.7).checks(first)[0].passed
    True
    """

    titles: ClassVar[Titles] = {"floor": ("Score on the hold-out", "")}
    minimum: Share | None = 0.78  # hold-out accuracy to exceed, 0 to 1; null: see above

    def checks(self, compared: Comparison) -> list[Check]:
        if self.minimum is None or compared.holdout.metric != "accuracy":
            return [constant_check(self, compared, "floor", compared.holdout.score)]
        if compared.champion is not None:
            return []
        return [self.check("floor", compared.holdout.score, ">", self.minimum)]
