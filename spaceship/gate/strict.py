"""The default rules, and proof that the gain is no luck of one split or of a few passengers."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from spaceship.errors import ConfigError
from spaceship.gate._base import Check, Verdict, check_number, exact
from spaceship.gate._pairing import Pairing
from spaceship.gate.default import DefaultGate
from spaceship.report import Report

_MIN_SEEDS = 3


class StrictGate(DefaultGate):
    """Award what the default gate awards, but nothing without further proof.

    Against a champion, for challenger and champion alike: cross-validated accuracy, repeated with
    folds of at least three seeds, gains `min_mean_gain` in the mean and something with every seed,
    and McNemar's exact one-sided test on the paired hold-out rows gives p below `alpha`. For a
    first champion: the mean of the repeats, like the hold-out accuracy, exceeds the floor.

    Args:
        min_mean_gain: Least mean gain in repeated cross-validated accuracy, absolute.
        alpha: The p-value must be below it, 0 to 1.
        cv_seeds: At least three seeds of the folds of repeated cross-validation.
        rules: The arguments of `DefaultGate`: floor, min_relative_gain, moves, require.

    """

    def __init__(
        self,
        *,
        min_mean_gain: float = 0.002,
        alpha: float = 0.05,
        cv_seeds: Sequence[int] = (42, 123, 2026),
        **rules: Any,
    ) -> None:
        """Check the arguments."""
        super().__init__(cv_seeds=cv_seeds, **rules)
        self.min_mean_gain = check_number("min_mean_gain", min_mean_gain, 0)
        self.alpha = check_number("alpha", alpha, 0, 1)
        if len(self.cv_seeds) < _MIN_SEEDS:
            msg = f"`gate.cv_seeds` must hold at least {_MIN_SEEDS} seeds, got {list(cv_seeds)}."
            raise ConfigError(msg)

    def judge_first(self, candidate: Report) -> Verdict:
        """Return the default verdict if the repeats' mean exceeds the floor too."""
        repeats = self._repeats(candidate)
        checks = [self._check_seeds(repeats)]
        if checks[0].passed:
            mean = _mean(repeats.values())
            checks.append(
                Check("mean_cv_accuracy", float(mean), self.floor, mean > exact(self.floor))
            )
        return _demand(super().judge_first(candidate), checks)

    def judge(self, candidate: Report, champion: Report, pairing: Pairing) -> Verdict:
        """Return the default verdict if the gain is proven."""
        p_value = pairing.p_value
        test = Check("mcnemar_p", p_value, self.alpha, p_value < self.alpha)
        verdict = super().judge(candidate, champion, pairing)
        return _demand(verdict, [*self._check_repeats(candidate, champion), test])

    def _check_repeats(self, candidate: Report, champion: Report) -> list[Check]:
        """Check the gains in repeated cross-validation, seed by seed."""
        mine, theirs = self._repeats(candidate), self._repeats(champion)
        gains = [mine[seed] - theirs[seed] for seed in mine if seed in theirs]
        seeds = self._check_seeds(gains)
        if not seeds.passed:
            return [seeds]
        mean, least, needed = _mean(gains), min(gains), self.min_mean_gain
        return [
            seeds,
            Check("mean_cv_gain", float(mean), needed, mean >= exact(needed)),
            Check("least_cv_gain", float(least), 0.0, least > 0),
        ]

    def _check_seeds(self, found: Collection[Any]) -> Check:
        """Check that every seed was cross-validated, by both if there are two."""
        return Check("cv_seeds", len(found), len(self.cv_seeds), len(found) == len(self.cv_seeds))

    def _repeats(self, report: Report) -> dict[int, Fraction]:
        """Return the accuracy of each seed that has one."""
        found = {}
        for seed in self.cv_seeds:
            accuracy = report.repeats.get(str(seed), {}).get("accuracy", math.nan)
            if math.isfinite(accuracy):
                found[seed] = exact(accuracy)
        return found


def _mean(values: Collection[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values)


def _demand(verdict: Verdict, checks: list[Check]) -> Verdict:
    """Return the verdict with the checks added, refused if one of them failed."""
    numbers = verdict.numbers | {check.rule: check.number for check in checks}
    full = replace(verdict, numbers=numbers, checks=(*verdict.checks, *checks))
    failed = [check for check in checks if not check.passed]
    if not failed or verdict.award == "refused":
        return full
    unmet = ", ".join(f"{c.rule} {c.number} (threshold {c.threshold})" for c in failed)
    reason = f"Refused: not proven by {unmet}. Without that: {verdict.reason}"
    return replace(full, award="refused", reason=reason, rule=failed[0].rule)
