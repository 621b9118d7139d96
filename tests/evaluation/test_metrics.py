"""Directions of the metrics."""

import math

import pytest

from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import Direction, better, direction, metric_names
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
