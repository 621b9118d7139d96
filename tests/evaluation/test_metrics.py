"""The metrics against hand-made examples and scikit-learn, and their directions."""

import math
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import (
    Direction,
    better,
    calibration_error,
    direction,
    log_loss,
    metric_names,
    roc_auc,
    score,
)
from spaceship.task.label import Problem

METRICS = metric_names(Problem.BINARY)
NUMBERS = st.floats(-1e6, 1e6)


def shares(n_rows: int, n_classes: int, seed: int) -> Any:
    odds = np.random.default_rng(seed).random((n_rows, n_classes)) + 1e-3
    return odds / odds.sum(axis=1, keepdims=True)


def test_direction_takes_prefixes() -> None:
    assert {direction(name) for one in Problem for name in metric_names(one)} == {*Direction}
    assert direction("accuracy") == direction("cv_accuracy") == "maximize"
    assert direction("holdout_log_loss") == direction("log_loss") == "minimize"


def test_an_unknown_metric_prints_the_sorted_choices() -> None:
    with pytest.raises(
        ConfigError, match=r"accuracy, .*brier, ece, log_loss, mae, r2, rmse, roc_auc .* 'cv_f1'"
    ):
        direction("cv_f1")


def test_better_follows_the_direction_and_is_strict() -> None:
    assert better("cv_accuracy", 0.8000000000000002, 0.8)
    assert not better("accuracy", 0.8, 0.8)
    assert better("log_loss", 0.3, 0.4)
    assert not better("log_loss", 0.4, 0.3)
    assert not better("ece", math.nan, 0.4)
    assert not better("accuracy", 0.4, math.nan)


@pytest.mark.parametrize("digits", [1, 2, 16])
def test_the_area_under_the_roc_curve_is_scikit_learns_with_ties_and_without(digits: int) -> None:
    draw = np.random.default_rng(digits)
    chance = draw.random(999).round(digits)
    labels = draw.random(999) < chance
    assert roc_auc(labels, chance) == pytest.approx(roc_auc_score(labels, chance), abs=1e-15)
    assert roc_auc(labels, np.full(999, 0.25)) == 0.5
    assert math.isnan(roc_auc(np.ones(999, bool), chance))


def test_score_of_a_hand_made_example() -> None:
    scores = score([True, False, True, False], [0.8, 0.4, 0.4, 0.1])
    assert set(scores) == set(METRICS)
    assert scores["accuracy"] == 0.75
    # Of the 4 pairs of a True and a False, 3 are in order and 1 is tied.
    assert scores["roc_auc"] == pytest.approx(3.5 / 4)
    product = 0.8 * 0.6 * 0.4 * 0.9
    assert scores["log_loss"] == pytest.approx(-math.log(product) / 4)
    assert scores["brier"] == pytest.approx((0.04 + 0.16 + 0.36 + 0.01) / 4)
    # Bin 0.8: |1 - 0.8|; bin 0.4: 2 x |0.5 - 0.4|; bin 0.1: |0 - 0.1|; over 4 rows.
    assert scores["ece"] == pytest.approx((0.2 + 2 * 0.1 + 0.1) / 4)


def test_a_probability_of_one_half_predicts_false() -> None:
    assert score([False, True], [0.5, 0.5])["accuracy"] == 0.5
    assert score([False, False], [0.5, 0.5])["accuracy"] == 1.0


def test_scores_are_not_rounded() -> None:
    labels, chance = [True] * 2 + [False], [0.9, 0.7, 0.2]
    assert score(labels, chance)["accuracy"] == 1.0
    assert score(labels, [0.9, 0.1, 0.2])["accuracy"] == 2 / 3


def test_one_class_leaves_only_the_area_undefined() -> None:
    scores = score([True, True], [0.9, 0.6])
    assert math.isnan(scores.pop("roc_auc"))
    assert all(math.isfinite(value) for value in scores.values())


def test_a_nan_probability_makes_every_score_nan() -> None:
    assert all(math.isnan(value) for value in score([True, False], [0.9, math.nan]).values())


def test_certain_probabilities_have_a_finite_log_loss() -> None:
    assert score([True, False], [1.0, 0.0])["log_loss"] == pytest.approx(0)
    assert math.isfinite(score([True, False], [0.0, 1.0])["log_loss"])


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 1, allow_subnormal=False)), min_size=1, max_size=50
    )
)
def test_log_loss_is_that_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    labels, chance = (np.array(column) for column in zip(*rows, strict=True))
    expected = sklearn.metrics.log_loss(labels, chance, labels=[False, True])
    assert log_loss(labels, chance) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.inf])
def test_log_loss_refuses_what_is_no_probability(wrong: float) -> None:
    with pytest.raises(ValueError, match="probabilities between 0 and 1"):
        log_loss(np.array([True, False]), np.array([0.5, wrong]))


def test_calibration_error_of_a_hand_made_example() -> None:
    labels = np.array([True, True, False, False, True])
    chance = np.array([0.05, 0.95, 0.95, 1.0, 0.55])
    # Bin 0.0-0.1: 1 row, |1 - 0.05|; bin 0.9-1.0: 3 rows, |1/3 - 2.9/3|; bin 0.5-0.6: |1 - 0.55|.
    expected = (1 * 0.95 + 3 * (1.9 / 3) + 1 * 0.45) / 5
    assert calibration_error(labels, chance) == pytest.approx(expected)
    # In one bin: |3/5 - 3.5/5|.
    assert calibration_error(labels, chance, n_bins=1) == pytest.approx(0.1)


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 1, allow_subnormal=False)), min_size=1, max_size=50
    )
)
def test_scores_lie_where_they_must(rows: list[tuple[bool, float]]) -> None:
    labels, chance = zip(*rows, strict=True)
    scores = score(labels, chance)
    for metric in ("accuracy", "brier", "ece"):
        assert 0 <= scores[metric] <= 1
    assert scores["log_loss"] >= 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 9))
def test_metrics_of_classes_are_those_of_scikit_learn(codes: list[int], seed: int) -> None:
    truth, chance = np.array([*codes, 0, 1, 2, 3]), shares(len(codes) + 4, 4, seed)
    scores = score(truth, chance, problem=Problem.MULTICLASS)
    assert [*scores] == metric_names(Problem.MULTICLASS)
    likeliest = chance.argmax(axis=1)
    assert scores["accuracy"] == sklearn.metrics.accuracy_score(truth, likeliest)
    balanced = sklearn.metrics.balanced_accuracy_score(truth, likeliest)
    assert scores["balanced_accuracy"] == pytest.approx(balanced)
    area = sklearn.metrics.roc_auc_score(truth, chance, multi_class="ovr", average="macro")
    assert scores["roc_auc"] == pytest.approx(area)
    assert scores["log_loss"] == pytest.approx(sklearn.metrics.log_loss(truth, chance))
    assert scores["ece"] == calibration_error(likeliest == truth, chance.max(axis=1))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=40))
def test_metrics_of_numbers_are_those_of_scikit_learn(rows: list[tuple[float, float]]) -> None:
    truth, found = (np.array(column) for column in zip(*rows, strict=True))
    scores = score(truth, found, problem=Problem.REGRESSION)
    assert [*scores] == metric_names(Problem.REGRESSION)
    assert scores["rmse"] == pytest.approx(sklearn.metrics.root_mean_squared_error(truth, found))
    assert scores["mae"] == pytest.approx(sklearn.metrics.mean_absolute_error(truth, found))
    if np.ptp(truth) > 1e-3:
        assert scores["r2"] == pytest.approx(sklearn.metrics.r2_score(truth, found))


def test_metrics_that_do_not_exist_are_nan_and_no_others() -> None:
    constant = score([2.0, 2.0], [1.0, 3.0], problem=Problem.REGRESSION)
    assert (constant["rmse"], constant["mae"]) == (1.0, 1.0)
    assert math.isnan(constant["r2"])
    without = score([0, 1], shares(2, 3, 0), problem=Problem.MULTICLASS)
    assert not [name for name, value in without.items() if math.isnan(value)]
    lone = score([1, 1], shares(2, 3, 0), problem=Problem.MULTICLASS)
    assert [name for name, value in lone.items() if math.isnan(value)] == ["roc_auc"]
    unknown: Any = {Problem.MULTICLASS: [[math.nan] * 2], Problem.REGRESSION: [math.nan]}
    for problem, values in unknown.items():
        assert all(map(math.isnan, score([0], values, problem=problem).values()))


def test_a_certain_and_wrong_class_has_a_finite_log_loss() -> None:
    scores = score([0, 1], [[0.0, 1.0], [0.0, 1.0]], problem=Problem.MULTICLASS)
    assert 1 < scores["log_loss"] < math.inf
