"""Verdicts on several classes and on numbers: gain, floor, and what cannot be compared."""

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
from spaceship.gate.policy import Gate
from spaceship.gate.rule._base import Check, Rule
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.repeats import Repeats
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
