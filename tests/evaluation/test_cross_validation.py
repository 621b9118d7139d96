"""The honesty of out-of-fold predictions, and the summary of their folds."""

import math
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.errors import DataError
from spaceship.evaluation.cross_validation import cross_validate, predict, summarise
from spaceship.evaluation.metrics import metric_names, score
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
