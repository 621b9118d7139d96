"""Latency of a new champion."""

from typing import ClassVar

from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Titles


class Latency(Rule):
    """Time to predict, measured while the folds of cross-validation were scored.

    >>> slow = report(8, 10, metrics={"predict_rows_per_second": 1000.0})
    >>> Latency(max_ms=500).checks(Comparison(slow, slow.holdout))[0].number
    1000.0
    """

    titles: ClassVar[Titles] = {"ms_per_1000_rows": ("Milliseconds for 1,000 rows", "")}
    max_ms: Amount = 500.0  # milliseconds that 1,000 rows may take

    def checks(self, compared: Comparison) -> list[Check]:
        rows_per_second = compared.candidate.metrics.get("predict_rows_per_second", 0.0)
        number = 1e6 / rows_per_second if rows_per_second > 0 else None
        return [self.check("ms_per_1000_rows", number, "≤", self.max_ms)]
