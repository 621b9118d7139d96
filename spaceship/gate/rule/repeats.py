"""Repeats of the cross-validation over seeds: a single split misleads."""

import math
from fractions import Fraction
from statistics import mean
from typing import Annotated

from pydantic import AfterValidator, StrictInt
from pydantic_core import PydanticCustomError

from spaceship.evaluation.report import Report
from spaceship.gate.rule._base import Amount, Check, Comparison, Rule, Share, exact

_FEWEST = 3


def _three_or_more(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len({*seeds}) < max(len(seeds), _FEWEST):
        raise PydanticCustomError("seeds", "Input should be 3 or more distinct whole numbers")
    return seeds


class Repeats(Rule):
    """Cross-validated accuracy, repeated with folds of several seeds.

    A candidate must gain in the mean, and something with every seed; a first champion's mean must
    exceed a floor. Cross-validation scores recipes, so the rule does not apply to a candidate with
    the champion's own recipe. Each seed costs one cross-validation.

    >>> Repeats(seeds=[1, 2, 3]).cv_seeds
    (1, 2, 3)
    """

    seeds: Annotated[tuple[StrictInt, ...], AfterValidator(_three_or_more)] = (42, 123, 2026)
    min_mean_gain: Amount = 0.002  # absolute
    floor: Share = 0.78  # mean accuracy that a first champion must exceed, 0 to 1

    @property
    def cv_seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return self.seeds

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check that every seed has an accuracy and, if so, checks of these."""
        mine = self._accuracies(compared.candidate)
        if compared.champion is None:
            found = list(mine.values())
        elif compared.candidate.recipe and compared.candidate.recipe == compared.champion.recipe:
            return []
        else:
            theirs = self._accuracies(compared.champion)
            found = [mine[seed] - theirs[seed] for seed in mine if seed in theirs]
        complete = self.check("cv_seeds", len(found), "≥", len(self.seeds))
        if not complete.passed:
            return [complete]
        if compared.champion is None:
            return [complete, self.check("mean_cv_accuracy", mean(found), ">", self.floor)]
        return [
            complete,
            self.check("mean_cv_gain", mean(found), "≥", self.min_mean_gain),
            self.check("least_cv_gain", min(found), ">", 0.0),
        ]

    def _accuracies(self, report: Report) -> dict[int, Fraction]:
        """Return the accuracy of each seed that has one."""
        scores = {seed: report.repeats.get(str(seed), {}) for seed in self.seeds}
        found = {seed: one.get("accuracy", math.nan) for seed, one in scores.items()}
        return {seed: exact(value) for seed, value in found.items() if math.isfinite(value)}
