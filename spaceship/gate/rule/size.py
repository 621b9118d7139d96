"""Size of a new champion on disk."""

from typing import ClassVar

from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Titles


class Size(Rule):
    """Size of the serving model on disk, its code included.

    >>> large = report(8, 10, metrics={"model_mb": 120.0})
    >>> Size(max_mb=100).checks(Comparison(large, large.holdout))[0].passed
    False
    """

    titles: ClassVar[Titles] = {"model_mb": ("Megabytes on disk", "")}
    max_mb: Amount = 100.0  # megabytes (10⁶ bytes) that it may take

    def checks(self, compared: Comparison) -> list[Check]:
        found = compared.candidate.metrics.get("model_mb")
        return [self.check("model_mb", found, "≤", self.max_mb)]
