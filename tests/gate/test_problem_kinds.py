"""Verdicts on several classes and on numbers: gain, floor, significance, and the other rules."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.gate.pairing import Pairing
from spaceship.gate.policy import Gate
from spaceship.gate.rule._base import Check, Rule
from spaceship.gate.rule.calibration import Calibration
from spaceship.gate.rule.drift import HoldoutShift
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance, bootstrap_interval
from spaceship.gate.rule.slices import Slices
from spaceship.text import digits
from tests.tasks import ODD

MakeReport = Callable[..., Report]
GATE = Gate(floor=Floor(minimum=None), gain=Gain())
TRUTH = np.arange(100.0)
ERRORS = st.lists(st.floats(-5, 5), min_size=2, max_size=40)


def numbers(errors: Any, groups: Any = None, slices: Any = None, **changes: Any) -> Report:
    """Return the report of predictions that are off by these errors, with the floor of a dummy."""
    off = np.asarray(errors, float)
    truth = np.linspace(0, 99, len(off))
    more: Any = {"slices": slices, "groups": None if groups is None else np.asarray(groups)}
    held = HoldOut.of(map("r{:05d}".format, range(len(off))), truth, truth + off, **more)
    return Report("m", "local", "d", **{"holdout": held} | changes)


def classes(correct: Any, **changes: Any) -> Report:
    """Return the report of three classes in turn, each predicted right or as the next one."""
    right = np.asarray(correct, bool)
    truth = np.arange(len(right)) % 3
    values = np.eye(3)[np.where(right, truth, (truth + 1) % 3)] * 0.7 + 0.1
    ids = map("r{:05d}".format, range(len(right)))
    held = HoldOut.of(ids, truth, values, classes=ODD, label="crop")
    return Report("m", "local", "d", **{"holdout": held} | changes)


def share(k: int, n: int) -> list[bool]:
    return [row < k for row in range(n)]


def only(rule: Rule, candidate: Report, champion: Report | None) -> Check:
    (check,) = Gate(rule=rule).decide(candidate, champion).checks
    return check


@pytest.mark.parametrize(
    ("mine", "theirs", "award"),
    [
        (0.9, 1.0, "champion"),
        (0.98, 1.0, "challenger"),
        (1.0, 1.0, "refused"),
        (1.1, 1.0, "refused"),
    ],
)
def test_a_lower_rmse_is_a_gain(mine: float, theirs: float, award: str) -> None:
    verdict = GATE.decide(numbers([mine] * 50), numbers([theirs] * 50))
    assert verdict.award == award
    assert verdict.numbers["candidate_rmse"] == pytest.approx(mine)
    assert verdict.numbers["champion_rmse"] == pytest.approx(theirs)
    assert verdict.numbers["relative_gain"] == pytest.approx(theirs - mine)
    assert f"hold-out RMSE {digits(mine)} against the champion's {digits(theirs)}" in verdict.reason
    assert "accuracy" not in verdict.reason


def test_over_a_champion_without_error_nothing_is_a_gain() -> None:
    perfect = numbers([0.0] * 50)
    for candidate in (perfect, numbers([1.0] * 50)):
        verdict = GATE.decide(candidate, perfect)
        assert (verdict.award, verdict.rule) == ("refused", "any_gain")


@settings(deadline=None, max_examples=50)
@given(mine=ERRORS, theirs=ERRORS)
def test_two_regressions_cannot_beat_each_other(mine: list[float], theirs: list[float]) -> None:
    size = min(len(mine), len(theirs))
    pair = numbers(mine[:size]), numbers(theirs[:size])
    gate = Gate(gain=Gain())
    awards = [gate.decide(*pair).award, gate.decide(*pair[::-1]).award]
    assert "refused" in awards
    assert gate.decide(*pair) == gate.decide(*pair)


@pytest.mark.parametrize("champion", [None, numbers([40.0] * 100)])
def test_a_regression_must_beat_the_mean_by_three_standard_errors(champion: Report | None) -> None:
    spread = TRUTH.std()
    good, poor = numbers([1.0] * 100), numbers([spread - 1] * 100)
    assert GATE.decide(good, champion).award == "champion"
    verdict = GATE.decide(poor, champion)
    assert (verdict.award, verdict.rule) == ("refused", "floor")
    floor = next(check for check in verdict.checks if check.rule == "floor")
    assert floor.relation == "<"
    assert floor.threshold < spread - 1 < spread
    assert "the best constant prediction has RMSE 28.866" in floor.detail


def test_an_accuracy_is_no_floor_of_numbers() -> None:
    """An RMSE above 0.78 is not better: the dummy counts, whatever the minimum."""
    poor = numbers([40.0] * 100)
    assert not only(Floor(minimum=0.78), poor, None).passed
    assert only(Floor(minimum=0.78), numbers([0.5] * 100), None).passed
    repeats = {seed: {"rmse": 40.0} for seed in ("42", "123", "2026")}
    verdict = Gate(rule=Repeats()).decide(replace(poor, repeats=repeats), None)
    assert (verdict.award, verdict.rule) == ("refused", "mean_cv_rmse")


@pytest.mark.parametrize(("k", "award"), [(300, "champion"), (105, "refused"), (100, "refused")])
def test_classes_must_beat_the_commonest_by_three_standard_errors(k: int, award: str) -> None:
    verdict = GATE.decide(classes(share(k, 300)), None)
    assert verdict.award == award
    assert verdict.checks[0].threshold == pytest.approx(
        1 / 3 + 3 * math.sqrt(2 / 9 / 300), abs=3e-3
    )


def test_classes_are_compared_as_counts() -> None:
    award = [
        GATE.decide(classes(share(k, 1000)), classes(share(800, 1000))).award
        for k in (824, 823, 800)
    ]
    assert award == ["champion", "challenger", "refused"]


def test_labels_of_other_kinds_are_not_compared(report: MakeReport) -> None:
    verdict = GATE.decide(numbers([1.0] * 10), classes(share(5, 10)))
    assert (verdict.award, verdict.rule) == ("refused", "comparable")
    assert "labels of different kinds" in verdict.reason
    assert GATE.decide(classes(share(5, 10)), report(5, 10)).rule == "comparable"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_predictions_that_are_no_numbers_are_refused(value: float) -> None:
    for report in (numbers([1.0] * 10), classes(share(5, 10))):
        assert report.holdout is not None
        values = report.holdout.values.copy()
        values[0] = value
        broken = replace(report, holdout=replace(report.holdout, values=values))
        for pair in ((broken, report), (report, broken), (broken, None)):
            verdict = GATE.decide(*pair)
            assert (verdict.award, verdict.rule) == ("refused", "comparable")
            assert "hold-out predictions are not finite" in verdict.reason


@pytest.mark.parametrize("metric", ["cv_rmse", "holdout_r2", "cv_balanced_accuracy_std"])
def test_a_score_of_any_kind_must_be_finite(metric: str) -> None:
    verdict = GATE.decide(numbers([1.0] * 10, metrics={metric: math.nan}), None)
    assert f"candidate's {metric} is not a finite number" in verdict.reason


def test_a_gain_in_squared_error_is_tested_by_groups() -> None:
    rng = np.random.default_rng(5)
    noise = np.abs(rng.normal(size=400)) + 0.5
    better = noise * np.repeat(rng.choice([0.2, 1.2], 40), 10)
    groups = np.repeat(np.arange(40), 10)
    intervals = []
    for names in (None, groups):
        pair = numbers(better, names), numbers(noise, names)
        check = only(Significance(), *pair)
        assert check.rule == "bootstrap_low"
        assert "gain in squared error" in check.detail
        assert pair[0].holdout is not None
        assert pair[1].holdout is not None
        low, high = bootstrap_interval(Pairing.of(pair[0].holdout, pair[1].holdout), 0.05)
        assert check.number == pytest.approx(low)
        intervals.append(high - low)
    assert intervals[1] > 1.5 * intervals[0], "rows of one group are alike"


def test_luck_is_no_significant_gain_of_numbers() -> None:
    rng = np.random.default_rng(6)
    mine, theirs = rng.normal(size=(2, 300))
    luck = only(Significance(), numbers(mine), numbers(theirs))
    assert not luck.passed
    assert only(Significance(), numbers(theirs * 0.5), numbers(theirs)).passed
    gate = Gate(gain=Gain(), significance=Significance())
    one_row = np.where(np.arange(300) == 0, 0.0, theirs)
    assert gate.decide(numbers(one_row), numbers(theirs)).award == "refused"


def test_several_classes_are_tested_by_wins_and_losses() -> None:
    for wins, passed in ((4, False), (5, True)):
        pair = classes(share(80 + wins, 99)), classes(share(80, 99))
        check = only(Significance(), *pair)
        assert (check.rule, check.number, check.passed) == ("mcnemar_p", 0.5**wins, passed)


def repeats(*values: float) -> dict[str, dict[str, float]]:
    return {seed: {"rmse": v} for seed, v in zip(("42", "123", "2026"), values, strict=True)}


@pytest.mark.parametrize(
    ("mine", "rule"),
    [
        ((0.99, 0.99, 0.99), "all"),
        ((1.01, 0.9, 0.9), "least_cv_gain"),
        ((0.999, 0.999, 0.999), "mean_cv_gain"),
    ],
)
def test_repeats_of_numbers_must_fall(mine: tuple[float, ...], rule: str) -> None:
    pair = (
        numbers([1.0] * 9, repeats=repeats(*mine)),
        numbers([1.0] * 9, repeats=repeats(1.0, 1.0, 1.0)),
    )
    verdict = Gate(rule=Repeats()).decide(*pair)
    assert verdict.rule == rule


def test_a_slice_of_numbers_loses_by_its_rmse() -> None:
    soil = ["clay"] * 20 + ["sand"] * 30
    candidate = numbers([1.1] * 20 + [0.5] * 30, slices={"soil": soil})
    champion = numbers([1.0] * 50, slices={"soil": soil})
    check = only(Slices(max_worsening=0.05, min_rows=10), candidate, champion)
    assert check.number == pytest.approx(0.1)
    assert (check.passed, check.detail) == (False, "worst of 2: soil=clay")
    perfect = numbers([0.0] * 50, slices={"soil": soil})
    assert only(Slices(min_rows=10), perfect, perfect).number == 0
    assert not only(Slices(min_rows=10), candidate, perfect).passed


def test_numbers_have_no_calibration_and_classes_have_that_of_the_likeliest() -> None:
    assert Gate(rule=Calibration()).decide(numbers([1.0] * 9), numbers([2.0] * 9)).checks == ()
    sure = classes(share(80, 99))
    assert sure.holdout is not None
    unsure = replace(sure, holdout=replace(sure.holdout, values=np.full((99, 3), 1 / 3)))
    assert only(Calibration(), sure, sure).number == 0
    assert only(Calibration(max_worsening=1), unsure, sure).number is not None


def test_a_task_without_slices_is_compared_by_its_label_if_that_is_a_class() -> None:
    task = {"name": "fields", "problem": "multiclass"}
    now, then = classes(share(50, 99), task=task), classes(share(50, 99))
    assert (check := only(HoldoutShift(), now, then)).passed
    assert check.detail == "crop"
    pair = numbers([1.0] * 9, task={"problem": "regression"}), numbers([1.0] * 9)
    assert Gate(rule=HoldoutShift()).decide(*pair).checks == ()
    assert not only(HoldoutShift(), *(replace(one, task={}) for one in pair)).passed, "a lost file"


def test_the_shift_of_labels_goes_by_their_names() -> None:
    """A class that arrived shifts the numbers of the others, not their shares."""
    then = HoldOut.of(
        map(str, range(4)),
        [0, 0, 1, 1],
        np.eye(2)[[0, 0, 1, 1]],
        classes=("b", "c"),
        slices={"of": ["x"] * 4},
    )
    now = replace(
        then, target=then.target + 1, values=np.eye(3)[[1, 1, 2, 2]], classes=("a", "b", "c")
    )
    candidate = Report("m", "local", "d", holdout=now)
    champion = replace(candidate, holdout_shares=then.shares)
    check = only(HoldoutShift(max_psi=0), candidate, champion)
    assert check.number == 0
