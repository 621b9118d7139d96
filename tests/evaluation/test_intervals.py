"""Intervals of predicted numbers hold as many new rows as they promise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import Ridge

from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.data.sklearn import SklearnData
from spaceship.evaluation.answers import COVERAGE, answers
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import TrainingPart, fit_twin, measure
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.task.label import BOUNDS
from tests.tasks import task_of

MODELS: dict[str, Callable[[], Any]] = {
    "linear": Ridge,
    "trees": lambda: LGBMRegressor(n_estimators=15, num_leaves=6, n_jobs=1, verbose=-1),
}


@pytest.fixture(scope="module")
def patients() -> Dataset:
    task = task_of("diabetes")
    return checked(SklearnData("diabetes").read(task), task)


@pytest.mark.parametrize("name", MODELS)
def test_patients_of_the_hold_out_lie_in_their_intervals(patients: Dataset, name: str) -> None:
    task, frame = patients.task, patients.train
    pipeline = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, MODELS[name]())
    inside = []
    for salt in range(10):
        protocol = Protocol(0.3, str(salt), n_folds=4, seed=1)
        report = measure(
            pipeline, TrainingPart.of(frame, task, protocol), Report("m", "sklearn", "d")
        )
        assert report.out_of_fold is not None
        margin = report.out_of_fold.margin(COVERAGE)
        _, holdout = fit_twin(pipeline, frame, task, protocol)
        bounds = answers(holdout.values, task, margin=margin)
        lower, upper = (bounds[one].to_numpy() for one in BOUNDS)
        held = protocol.split(frame, task)[1]
        inside += [*((lower <= task.target(held)) & (task.target(held) <= upper))]
    assert COVERAGE - 0.02 < float(np.mean(inside)) < COVERAGE + 0.04


def errors_of(rng: np.random.Generator, groups: int, rows: int) -> pd.DataFrame:
    """Return errors of rows that share most of theirs with the rest of their group."""
    names = np.repeat(np.arange(groups), rows)
    error = np.repeat(rng.normal(size=groups), rows) + rng.normal(scale=0.2, size=groups * rows)
    return pd.DataFrame({"group": names.astype(str), "loss": error**2, "constant": 0.0})


def test_rows_of_a_new_group_lie_in_their_intervals_however_few_groups_there_are() -> None:
    rng = np.random.default_rng(1)
    inside, naive = [], []
    for _ in range(400):
        known, new = errors_of(rng, 15, 8), errors_of(rng, 1, 8)
        margin = OutOfFold(known).margin(COVERAGE)
        assert margin is not None
        inside.append((new["loss"] <= margin**2).mean())
        naive.append((new["loss"] <= known["loss"].quantile(COVERAGE)).mean())
    assert np.mean(inside) > COVERAGE > np.mean(naive) + 0.01


def test_the_margin_is_the_quantile_with_the_correction_of_finite_samples() -> None:
    for n in (9, 19, 99, 150):
        losses = np.random.default_rng(n).permutation(np.arange(1, n + 1)) ** 2.0
        rows = {"group": [str(at) for at in range(n)], "loss": losses, "constant": 0.0}
        found = OutOfFold(pd.DataFrame(rows)).margin(COVERAGE)
        assert found == np.ceil(COVERAGE * (n + 1) - 1e-9)
    assert OutOfFold(pd.DataFrame(rows).head(8)).margin(COVERAGE) is None
