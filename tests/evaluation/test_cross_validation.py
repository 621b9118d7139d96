"""The metrics against hand-made examples, and the honesty of out-of-fold predictions."""

import math
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.errors import DataError
from spaceship.evaluation.cross_validation import cross_validate, predict, summarise
from spaceship.evaluation.metrics import calibration_error, log_loss, metric_names, score
from spaceship.evaluation.slices import score_slices
from spaceship.split.folds import Fold, group_folds
from spaceship.task.label import Problem
from spaceship.task.spaceship_titanic.columns import ID, LABEL
from spaceship.task.task import Task

METRICS = metric_names(Problem.BINARY)
Labels = npt.NDArray[np.bool_]
Draw = Callable[[int], list[Fold]]


class Memory(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Knows the rows it was fitted on and the share of True among them."""

    def fit(self, X: pd.DataFrame, y: npt.NDArray[np.bool_]) -> Self:
        self.classes_ = np.unique(y)
        self.seen_ = dict(zip(X["PassengerId"], y.tolist(), strict=True))
        self.share_ = float(np.mean(y))
        return self

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        chance = np.array([float(self.seen_.get(i, self.share_)) for i in X["PassengerId"]])
        return np.column_stack([1 - chance, chance])


@pytest.fixture
def frame() -> pd.DataFrame:
    ids = pd.Series([f"{i // 2:04d}_{i % 2 + 1:02d}" for i in range(60)], dtype="str")
    return pd.DataFrame({ID: ids, LABEL: np.random.default_rng(1).random(60) < 0.5})


@pytest.fixture
def labels(frame: pd.DataFrame) -> Labels:
    return frame[LABEL].to_numpy(bool)


@pytest.fixture
def draw(frame: pd.DataFrame, labels: Labels, task: Task) -> Draw:
    return lambda n: group_folds(task.group_names(frame), labels, task, n_splits=n, seed=0)


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


def test_probabilities_are_out_of_fold(
    frame: pd.DataFrame, labels: Labels, draw: Draw, task: Task
) -> None:
    folds = draw(5)
    result = cross_validate(Memory(), frame, task, folds)
    for (train, test), fold in zip(folds, result.folds, strict=True):
        # A row that had been trained on would come back as 0 or 1.
        assert result.values[test] == pytest.approx(labels[train].mean())
        scores = score(labels[test], result.values[test])
        assert {k: fold[k] for k in METRICS} == pytest.approx(scores)
    assert (result.predictions == (result.values > 0.5)).all()


def test_cross_validation_fits_clones_only(frame: pd.DataFrame, task: Task) -> None:
    model = Memory()
    cross_validate(model, frame, task, [(np.arange(30), np.arange(30, 60))])
    assert not hasattr(model, "seen_")


def test_rows_of_no_fold_stay_nan(frame: pd.DataFrame, task: Task) -> None:
    result = cross_validate(Memory(), frame, task, [(np.arange(30), np.arange(30, 60))])
    assert np.isnan(result.values).tolist() == [True] * 30 + [False] * 30


def test_rows_are_taken_by_position_whatever_the_index(
    frame: pd.DataFrame, draw: Draw, task: Task
) -> None:
    folds = draw(3)
    shuffled = frame.set_axis(np.arange(60)[::-1], axis="index")
    there = cross_validate(Memory(), shuffled, task, folds).values
    here = cross_validate(Memory(), frame, task, folds).values
    assert (there == here).all()


def test_timings_are_medians_over_folds(frame: pd.DataFrame, draw: Draw, task: Task) -> None:
    result = cross_validate(Memory(), frame, task, draw(3))
    assert result.median("fit_seconds") == sorted(fold["fit_seconds"] for fold in result.folds)[1]
    rates = sorted(fold["predict_rows_per_second"] for fold in result.folds)
    assert result.median("predict_rows_per_second") == rates[1]
    assert result.median("fit_seconds") > 0
    assert rates[0] > 0


class StopError(Exception):
    """Raised to end a cross-validation."""


def test_each_fold_is_told_and_may_end_it(frame: pd.DataFrame, draw: Draw, task: Task) -> None:
    told: list[tuple[int, float]] = []

    def on_fold(history: list[dict[str, float]]) -> None:
        told.append((len(history) - 1, history[-1]["accuracy"]))
        if len(history) == 2:
            raise StopError

    folds = draw(5)
    whole = cross_validate(Memory(), frame, task, folds)
    with pytest.raises(StopError):
        cross_validate(Memory(), frame, task, folds, on_fold)
    assert told == [(step, whole.folds[step]["accuracy"]) for step in (0, 1)]


def test_summary_holds_mean_and_spread() -> None:
    folds = [dict.fromkeys(METRICS, value) for value in (0.7, 0.8, 0.9)]
    summary = summarise(folds)
    assert set(summary) == {f"cv_{m}{s}" for m in METRICS for s in ("", "_std")}
    assert summary["cv_accuracy"] == pytest.approx(0.8)
    assert summary["cv_accuracy_std"] == pytest.approx(math.sqrt(0.02 / 3))


def test_a_nan_fold_makes_its_metric_nan_and_no_other() -> None:
    fold = dict.fromkeys(METRICS, 0.5)
    folds = [fold, fold | {"roc_auc": math.nan}]
    summary = summarise(folds)
    assert math.isnan(summary["cv_roc_auc"])
    assert math.isnan(summary["cv_roc_auc_std"])
    assert summary["cv_accuracy"] == 0.5


def test_one_column_of_probabilities_is_refused(frame: pd.DataFrame, task: Task) -> None:
    class OneClass(Memory):
        def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
            return np.ones((len(X), 1))

    with pytest.raises(ValueError, match=r"two columns of probabilities.*\(60, 1\)"):
        predict(OneClass(), frame, task)


def test_slices_cover_every_value_and_the_missing_ones(task: Task) -> None:
    frame = pd.DataFrame(
        {
            "PassengerId": pd.Series(["0001_01", "0001_02", "0002_01", "0003_01"], dtype="str"),
            "HomePlanet": pd.Series(["Mars", None, "Earth", "Mars"], dtype="str"),
            "Cabin": pd.Series(["B/0/P", "B/0/P", None, "F/1/S"], dtype="str"),
            "CryoSleep": pd.array([True, None, False, False], dtype="boolean"),
            LABEL: [True, False, True, False],
        }
    )
    chance = np.array([0.9, 0.9, 0.9, 0.2])
    rows = {(r.slice, r.value): r for r in score_slices(task, frame, chance, chance > 0.5)}
    assert {key: row.n for key, row in rows.items()} == {
        ("HomePlanet", "Earth"): 1,
        ("HomePlanet", "Mars"): 2,
        ("HomePlanet", "missing"): 1,
        ("deck", "B"): 2,
        ("deck", "F"): 1,
        ("deck", "missing"): 1,
        ("CryoSleep", "False"): 2,
        ("CryoSleep", "True"): 1,
        ("CryoSleep", "missing"): 1,
        ("party", "group"): 2,
        ("party", "solo"): 2,
    }
    assert rows["deck", "B"].accuracy == 0.5
    assert rows["HomePlanet", "Mars"].log_loss == pytest.approx(-math.log(0.9 * 0.8) / 2)


def test_a_fold_with_a_single_row_to_train_on_is_refused(
    people: Dataset, pipeline: Pipeline
) -> None:
    fold = np.arange(1), np.arange(1, 50)
    with pytest.raises(DataError, match=r"two rows or more to train on in every fold, found 1"):
        cross_validate(pipeline, people.train, people.task, [fold])
