"""No alias without proof: repeats over seeds, and a paired test with its interval."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from spaceship.errors import ConfigError
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.gate.pairing import Pairing
from spaceship.gate.policy import Gate
from spaceship.gate.rule._base import Rule
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance, bootstrap_interval, mcnemar

MakeReport = Callable[..., Report]
DEFAULT = Gate(floor=Floor(), gain=Gain())


def strict(alpha: float = 0.05) -> Gate:
    significance = Significance(alpha=alpha)
    return Gate(floor=Floor(), gain=Gain(), repeats=Repeats(), significance=significance)


GATE = strict()
OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=120)
CV = st.floats(0.75, 0.85)


def repeats(*accuracies: float) -> dict[str, dict[str, float]]:
    return {s: {"accuracy": a} for s, a in zip(("42", "123", "2026"), accuracies, strict=False)}


def pairing(gains: list[int], group_size: int = 1) -> Pairing:
    """Return the pairing of a champion that is always wrong but where it wins (gain -1)."""
    rows = np.arange(len(gains))
    names, groups = [f"{row:05d}" for row in rows], rows // group_size
    mine, theirs = ([sign * gain > 0 for gain in gains] for sign in (1, -1))
    pair = (HoldOut.of(names, rows >= 0, right, groups=groups) for right in (mine, theirs))
    return Pairing.of(*pair)


BASE = repeats(0.81, 0.812, 0.814)


@pytest.mark.parametrize(
    ("found", "award", "rule"),
    [
        (repeats(0.812, 0.814, 0.816), "champion", "all"),  # exactly 0.002 each
        (repeats(0.8119, 0.814, 0.816), "refused", "mean_cv_gain"),
        (repeats(0.81, 0.815, 0.819), "refused", "least_cv_gain"),  # one seed does not gain
        (repeats(0.809, 0.82, 0.82), "refused", "least_cv_gain"),
        (repeats(0.9, 0.9), "refused", "cv_seeds"),
        (repeats(0.9, 0.9, math.nan), "refused", "cv_seeds"),
        ({}, "refused", "cv_seeds"),
    ],
)
def test_the_gain_must_show_with_every_seed(
    report: MakeReport, found: dict[str, dict[str, float]], award: str, rule: str
) -> None:
    verdict = GATE.decide(report(900, 1000, repeats=found), report(800, 1000, repeats=BASE))
    assert (verdict.award, verdict.rule) == (award, rule)


def test_the_champion_needs_repeats_too(report: MakeReport) -> None:
    verdict = GATE.decide(report(900, 1000, repeats=BASE), report(800, 1000))
    assert (verdict.award, verdict.rule) == ("refused", "cv_seeds")
    assert "Repeats with other folds 0 (must be ≥ 3)" in verdict.reason


def test_a_champions_own_recipe_fitted_anew_is_left_to_the_holdout(report: MakeReport) -> None:
    same = {"recipe": {"name": "m"}, "repeats": BASE}
    verdict = GATE.decide(report(900, 1000, **same), report(800, 1000, **same))
    assert verdict.award == "champion"
    assert "mean_cv_gain" not in {check.rule for check in verdict.checks}


@pytest.mark.parametrize(("wins", "award"), [(4, "refused"), (5, "challenger")])
def test_the_holdout_must_show_it_beyond_chance(report: MakeReport, wins: int, award: str) -> None:
    # With no losses p is 1/2 to the power of the wins: 0.0625, then 0.03125.
    better = repeats(0.82, 0.82, 0.82)
    verdict = GATE.decide(report(800 + wins, 1000, repeats=better), report(800, 1000, repeats=BASE))
    assert verdict.award == award
    assert verdict.numbers["mcnemar_p"] == 0.5**wins
    assert [check.passed for check in verdict.checks if check.rule == "mcnemar_p"] == [wins == 5]


def test_p_must_be_below_alpha_not_at_it(report: MakeReport) -> None:
    candidate = report(805, 1000, repeats=repeats(0.82, 0.82, 0.82))
    champion = report(800, 1000, repeats=BASE)
    assert strict(alpha=0.03125).decide(candidate, champion).award == "refused"
    assert strict(alpha=0.03126).decide(candidate, champion).award == "challenger"


def test_every_rule_is_in_the_verdict_with_number_and_threshold(report: MakeReport) -> None:
    found = repeats(0.812, 0.814, 0.816)
    verdict = GATE.decide(report(900, 1000, repeats=found), report(800, 1000, repeats=BASE))
    thresholds = {check.rule: check.threshold for check in verdict.checks}
    assert thresholds == {
        "relative_gain": 0.03,
        "any_gain": 0.0,
        "cv_seeds": 3,
        "mean_cv_gain": 0.002,
        "least_cv_gain": 0.0,
        "mcnemar_p": 0.05,
    }
    assert verdict.numbers["mean_cv_gain"] == 0.002
    assert all(check.passed for check in verdict.checks)


def test_every_failed_rule_is_in_the_reason(report: MakeReport) -> None:
    found = repeats(0.811, 0.812, 0.814)
    verdict = GATE.decide(report(801, 1000, repeats=found), report(800, 1000, repeats=BASE))
    for rule in ("Mean gain of", "Least gain of", "Better on the hold-out p 0.5 (must be < 0.05)"):
        assert rule in verdict.reason


@pytest.mark.parametrize(
    ("k", "found", "award", "rule"),
    [
        (79, repeats(0.79, 0.77, 0.7801), "champion", "all"),
        (79, repeats(0.77, 0.78, 0.79), "refused", "mean_cv_accuracy"),  # mean exactly 0.78
        (78, repeats(0.8, 0.8, 0.8), "refused", "floor"),
        (79, repeats(0.8, 0.8), "refused", "cv_seeds"),
    ],
)
def test_the_first_champion_exceeds_the_floor_in_repeats_too(
    report: MakeReport, k: int, found: dict[str, dict[str, float]], award: str, rule: str
) -> None:
    verdict = GATE.decide(report(k, 100, repeats=found), None)
    assert (verdict.award, verdict.rule) == (award, rule)


@settings(deadline=None)  # the bootstrap takes its time
@given(outcomes=OUTCOMES, mine=st.tuples(CV, CV, CV), theirs=st.tuples(CV, CV, CV))
def test_strict_never_awards_more_than_default(
    rows: Callable[..., Report],
    outcomes: list[tuple[bool, bool]],
    mine: tuple[float, ...],
    theirs: tuple[float, ...],
) -> None:
    right, champion_right = zip(*outcomes, strict=True)
    candidate = rows(right, repeats=repeats(*mine))
    champion = rows(champion_right, repeats=repeats(*theirs))
    proven, default = (gate.decide(candidate, champion) for gate in (GATE, DEFAULT))
    assert proven.award in {"refused", default.award}
    if proven.award != "refused":
        assert all(a > b for a, b in zip(mine, theirs, strict=True))
        assert sum(right) > sum(champion_right)


@given(wins=st.integers(0, 60), losses=st.integers(0, 60))
def test_p_value_is_the_exact_binomial_one(wins: int, losses: int) -> None:
    tosses = wins + losses
    expected = sum(math.comb(tosses, heads) for heads in range(wins, tosses + 1)) / 2**tosses
    assert mcnemar(wins, losses) == pytest.approx(expected, rel=1e-9)


def test_p_value_of_a_large_holdout_is_found_quickly() -> None:
    assert mcnemar(10_000, 9_000) < 1e-12
    assert 0 <= mcnemar(20_000, 0) < 1e-300


@pytest.mark.parametrize(("wins", "passed"), [(0, False), (1, False), (30, True)])
def test_the_bootstrap_interval_must_lie_above_zero(
    report: MakeReport, wins: int, *, passed: bool
) -> None:
    gate = Gate(significance=Significance(test="bootstrap"))
    verdict = gate.decide(report(500 + wins, 1000), report(500, 1000))
    (check,) = verdict.checks
    assert (check.rule, check.passed) == ("bootstrap_low", passed)
    assert "in 90% of resamples" in check.detail


def test_the_interval_is_that_of_scipy_where_every_group_is_one_row() -> None:
    gains = np.repeat([1, -1, 0], [60, 30, 410])
    found = bootstrap((gains,), np.mean, confidence_level=0.9, method="percentile", rng=1)
    theirs = found.confidence_interval
    ours = bootstrap_interval(pairing(gains.tolist()), 0.05)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.004)
    assert ours == bootstrap_interval(pairing(gains.tolist()), 0.05)


def test_groups_are_drawn_whole() -> None:
    gains = [int(n // 4 % 2 == 0) for n in range(400)]
    alone, together = (bootstrap_interval(pairing(gains, size), 0.05) for size in (1, 4))
    narrow, wide = (high - low for low, high in (alone, together))
    assert wide == pytest.approx(2 * narrow, rel=0.15)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (
            Repeats,
            {"seeds": [1, 2]},
            r"repeats\.seeds to be 3 or more distinct whole numbers, found",
        ),
        (Repeats, {"seeds": [1, 2, 2]}, "3 or more distinct"),
        (Repeats, {"seeds": [1, 2, "3"]}, "repeats.seeds.2 to be a valid integer, found '3'"),
        (Repeats, {"seeds": [1, 2, True]}, "repeats.seeds.2 to be a valid integer, found True"),
        (
            Repeats,
            {"min_mean_gain": -1},
            "min_mean_gain to be greater than or equal to 0, found -1",
        ),
        (Repeats, {"floor": 2}, "repeats.floor to be less than or equal to 1, found 2"),
        (Significance, {"alpha": 5}, "alpha to be less than or equal to 1, found 5"),
        (Significance, {"test": "t"}, "'mcnemar' or 'bootstrap', found 't'"),
        (Significance, {"beta": 1, "alpha": 5}, "alpha .*; significance.beta not to be there"),
    ],
)
def test_wrong_arguments_are_refused(
    kind: type[Rule], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**arguments)
