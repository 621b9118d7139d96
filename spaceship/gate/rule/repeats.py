"""Repeats of the cross-validation over seeds: a single split misleads."""

import math
from fractions import Fraction
from statistics import mean
from typing import Annotated, ClassVar

from pydantic import AfterValidator, StrictInt
from pydantic_core import PydanticCustomError

from spaceship.evaluation.report import Report
from spaceship.gate.rule._base import (
    Amount,
    Check,
    Comparison,
    Rule,
    Share,
    Titles,
    constant_check,
    exact,
)

_FEWEST = 3


def _three_or_more(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len({*seeds}) < max(len(seeds), _FEWEST):
        raise PydanticCustomError("seeds", "Input should be 3 or more distinct whole numbers")
    return seeds


class Repeats(Rule):
    """Cross-validated accuracy or RMSE, repeated with folds of several seeds.

    A candidate must gain in the mean, and something with every seed; a first champion's mean must
    exceed a floor. Cross-validation scores recipes, so the rule does not apply to a candidate with
    the champion's own recipe. Each seed costs one cross-validation.

    >>> Repeats(seeds=[1, 2, 3]).cv_seeds
    (1, 2, 3)
    """

    titles: ClassVar[Titles] = {
        "cv_seeds": ("Repeats with other folds", ""),
        "mean_cv_accuracy": ("Mean accuracy of the repeats", ""),
        "mean_cv_rmse": ("Mean RMSE of the repeats", ""),
        "mean_cv_gain": ("Mean gain of the repeats", ""),
        "least_cv_gain": ("Least gain of the repeats", ""),
    }
    seeds: Annotated[tuple[StrictInt, ...], AfterValidator(_three_or_more)] = (42, 123, 2026)
    min_mean_gain: Amount = 0.002  # absolute in accuracy, relative in RMSE
    floor: Share | None = 0.78  # mean accuracy that a first champion must exceed, 0 to 1; null: the
    # floor that the best constant prediction sets on the hold-out

    @property
    def cv_seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return self.seeds

    def checks(self, compared: Comparison) -> list[Check]:
        metric = compared.holdout.metric
        mine = self._scores(compared.candidate, metric)
        if compared.champion is None:
            found = list(mine.values())
        elif compared.candidate.recipe and compared.candidate.recipe == compared.champion.recipe:
            return []
        else:
            theirs = self._scores(compared.champion, metric)
            found = [_gain(mine[one], theirs[one], metric) for one in mine if one in theirs]
        complete = self.check("cv_seeds", len(found), "≥", len(self.seeds))
        if not complete.passed:
            return [complete]
        if compared.champion is None:
            name = f"mean_cv_{metric}"
            if self.floor is None or metric != "accuracy":
                return [complete, constant_check(self, compared, name, mean(found))]
            return [complete, self.check(name, mean(found), ">", self.floor)]
        return [
            complete,
            self.check("mean_cv_gain", mean(found), "≥", self.min_mean_gain),
            self.check("least_cv_gain", min(found), ">", 0.0),
        ]

    def _scores(self, report: Report, metric: str) -> dict[int, Fraction]:
        scores = {seed: report.repeats.get(str(seed), {}) for seed in self.seeds}
        found = {seed: one.get(metric, math.nan) for seed, one in scores.items()}
        return {seed: exact(value) for seed, value in found.items() if math.isfinite(value)}


def _gain(mine: Fraction, theirs: Fraction, metric: str) -> Fraction:
    """Return the gain in accuracy, or the relative fall of the RMSE."""
    if metric == "accuracy":
        return mine - theirs
    return (theirs - mine) / theirs if theirs else Fraction(0)
