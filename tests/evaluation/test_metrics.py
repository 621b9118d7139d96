"""Directions of the metrics, and the area under the ROC curve."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import Direction, better, direction, metric_names, roc_auc
from spaceship.task.label import Problem


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
