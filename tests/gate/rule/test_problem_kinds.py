"""Rules on several classes and on numbers: significance, repeats, slices, calibration, shift."""

from dataclasses import replace

import numpy as np
import pytest

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.gate.pairing import Pairing
from spaceship.gate.policy import Gate
from spaceship.gate.rule.calibration import Calibration
from spaceship.gate.rule.drift import HoldoutShift
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance, bootstrap_interval
from spaceship.gate.rule.slices import Slices
from tests.gate.test_problem_kinds import classes, numbers, only, share


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
