"""A gain must show with folds of every seed: a single split misleads."""

import math
from collections.abc import Collection, Sequence
from fractions import Fraction

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.rule._base import Check, Comparison, Guard, check_number, exact

_FEWEST = 3


class Repeats(Guard):
    """Cross-validated accuracy, repeated with folds of several seeds.

    Against a champion it has to gain in the mean and something with every seed; of a first
    champion the mean is asked to exceed a floor. What is cross-validated are recipes, so there is
    nothing to say of a champion's own recipe that is fitted anew.

    Args:
        seeds: Three or more distinct seeds; each costs one cross-validation.
        min_mean_gain: Least mean gain, absolute.
        floor: Mean accuracy that a first champion must exceed, 0 to 1.
        otherwise: The most that a candidate can earn that fails.

    """

    def __init__(
        self,
        *,
        seeds: Sequence[int] = (42, 123, 2026),
        min_mean_gain: float = 0.002,
        floor: float = 0.78,
        otherwise: str = "refused",
    ) -> None:
        """Check the arguments."""
        super().__init__(otherwise=otherwise)
        whole = all(isinstance(seed, int) and not isinstance(seed, bool) for seed in seeds)
        if not whole or len(set(seeds)) < len(seeds) or len(seeds) < _FEWEST:
            message = f"expected {_FEWEST} or more distinct whole numbers as seeds"
            raise ConfigError(f"{message}, found {list(seeds)}; see configs/gate/rule/repeats.yaml")
        self.cv_seeds = tuple(seeds)
        self.min_mean_gain = check_number("the repeats' min_mean_gain", min_mean_gain, 0)
        self.floor = check_number("the repeats' floor", floor, 0, 1)

    def checks(self, compared: Comparison) -> list[Check]:
        """Return a check that all seeds are there and, if so, of what they show."""
        mine = self._accuracies(compared.candidate)
        if compared.champion is None:
            seeds = self._complete(mine)
            mean = _mean(mine.values()) if seeds.passed else None
            shown = self.check("mean_cv_accuracy", mean, ">", self.floor)
            return [seeds, shown] if seeds.passed else [seeds]
        if compared.candidate.recipe and compared.candidate.recipe == compared.champion.recipe:
            return []
        theirs = self._accuracies(compared.champion)
        gains = [mine[seed] - theirs[seed] for seed in mine if seed in theirs]
        seeds = self._complete(gains)
        if not seeds.passed:
            return [seeds]
        return [
            seeds,
            self.check("mean_cv_gain", _mean(gains), "≥", self.min_mean_gain),
            self.check("least_cv_gain", min(gains), ">", 0.0),
        ]

    def _complete(self, found: Collection[object]) -> Check:
        return self.check("cv_seeds", len(found), "≥", len(self.cv_seeds))

    def _accuracies(self, report: Report) -> dict[int, Fraction]:
        """Return the accuracy of each seed that has one."""
        found = {}
        for seed in self.cv_seeds:
            accuracy = report.repeats.get(str(seed), {}).get("accuracy", math.nan)
            if math.isfinite(accuracy):
                found[seed] = exact(accuracy)
        return found


def _mean(values: Collection[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values)
