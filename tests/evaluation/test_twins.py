"""Figures are honest: the hold-out decides nothing, and the same run gives the same bits."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.evaluation.metrics import metric_names
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import (
    TrainingPart,
    fit_serving,
    fit_twin,
    holdout_metrics,
    measure,
    predict_holdout,
    repeats,
)
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.task.label import Problem
from spaceship.task.spaceship_titanic.columns import ID, LABEL
from spaceship.task.task import Task

PROTOCOL = Protocol(holdout_fraction=0.3, salt="pepper", n_folds=3, seed=1)
METRICS = metric_names(Problem.BINARY)
BLANK = Report("candidate", "synthetic", "digest")
TIMINGS = {"fit_seconds", "predict_rows_per_second"}
Make = Callable[[], Pipeline]


def boosted() -> Pipeline:
    model = LGBMClassifier(
        n_estimators=15, subsample=0.7, subsample_freq=1, random_state=3, n_jobs=1, verbose=-1
    )
    return build_pipeline(RawFeatures(), Encoding.NATIVE, model)


def part(frame: pd.DataFrame, task: Task) -> TrainingPart:
    return TrainingPart.of(frame, task, PROTOCOL)


def linear() -> Pipeline:
    return build_pipeline(RawFeatures(), Encoding.ONEHOT, LogisticRegression(max_iter=500))


def scrambled(people: Dataset) -> pd.DataFrame:
    """Change whatever is known of those held out but who they are."""
    frame = people.train
    held = frame.index.isin(PROTOCOL.split(frame, people.task)[1].index)
    assert 20 < held.sum() < len(frame) / 2
    age = frame["Age"].mask(held, 1.0)
    planet = frame["HomePlanet"].mask(held, "Pluto")
    return frame.assign(Age=age, HomePlanet=planet, **{LABEL: frame[LABEL].to_numpy() ^ held})


def without_timings(report: Report) -> Report:
    metrics = {key: value for key, value in report.metrics.items() if key not in TIMINGS}
    folds = [{k: v for k, v in fold.items() if k not in TIMINGS} for fold in report.folds]
    return replace(report, metrics=metrics, folds=folds)


def test_both_parts_keep_groups_whole_and_lose_nobody(people: Dataset) -> None:
    training, holdout = PROTOCOL.split(people.train, people.task)
    groups = [set(people.task.group_names(part)) for part in (training, holdout)]
    assert groups[0].isdisjoint(groups[1])
    assert sorted([*training[ID], *holdout[ID]]) == sorted(people.train[ID])
    assert sorted([*training.index, *holdout.index]) == people.train.index.tolist()


@pytest.mark.parametrize("make", [boosted, linear])
def test_cross_validation_does_not_look_at_the_holdout(people: Dataset, make: Make) -> None:
    frames = people.train, scrambled(people)
    honest, other = (measure(make(), part(frame, people.task), BLANK) for frame in frames)
    assert without_timings(honest) == without_timings(other)
    first, second = (repeats(make(), frame, people.task, PROTOCOL, [1, 2]) for frame in frames)
    assert first == second


def test_the_twin_has_not_seen_the_holdouts_labels(people: Dataset) -> None:
    flipped = people.train.assign(**{LABEL: scrambled(people)[LABEL]})
    pairs = [fit_twin(boosted(), frame, people.task, PROTOCOL) for frame in (people.train, flipped)]
    (twin, honest), (_, other) = pairs
    assert honest.ids.equals(other.ids)
    assert (honest.values == other.values).all()
    assert (honest.target != other.target).all()
    _, held = PROTOCOL.split(people.train, people.task)
    assert honest.ids.tolist() == held[ID].tolist()
    assert honest.target.tolist() == held[LABEL].tolist()
    assert predict_holdout(twin, held, people.task) == honest


@pytest.mark.parametrize("make", [boosted, linear])
def test_the_same_run_gives_the_same_bits(people: Dataset, make: Make) -> None:
    reports = [
        without_timings(measure(make(), part(people.train, people.task), BLANK)) for _ in range(2)
    ]
    assert reports[0] == reports[1]
    holdouts = [fit_twin(make(), people.train, people.task, PROTOCOL)[1] for _ in range(2)]
    assert holdouts[0] == holdouts[1]


def test_a_report_has_every_figure(people: Dataset) -> None:
    report = measure(linear(), part(people.train, people.task), BLANK)
    expected = {f"cv_{metric}{suffix}" for metric in METRICS for suffix in ("", "_std")}
    assert set(report.metrics) == expected | TIMINGS
    assert len(report.folds) == PROTOCOL.n_folds
    accuracies = [fold["accuracy"] for fold in report.folds]
    assert report.metrics["cv_accuracy"] == pytest.approx(np.mean(accuracies), abs=1e-15)
    training, _ = PROTOCOL.split(people.train, people.task)
    parties = [one.n for one in report.slices if one.slice == "party"]
    assert sum(parties) == len(training)
    assert (report.name, report.data_digest, report.holdout) == ("candidate", "digest", None)


def test_another_seed_draws_other_folds(people: Dataset) -> None:
    seeds = repeats(linear(), people.train, people.task, PROTOCOL, [1, 2])
    assert set(seeds) == {"1", "2"}
    assert seeds["1"] != seeds["2"]
    first = measure(linear(), part(people.train, people.task), BLANK)
    assert seeds["1"] == {metric: first.metrics[f"cv_{metric}"] for metric in METRICS}
    assert repeats(linear(), people.train, people.task, PROTOCOL, []) == {}


def test_the_serving_model_learns_from_everybody_the_twin_from_the_training_part(
    people: Dataset,
) -> None:
    prior = build_pipeline(RawFeatures(), Encoding.ONEHOT, DummyClassifier(strategy="prior"))
    training, _ = PROTOCOL.split(people.train, people.task)
    serving = fit_serving(prior, people.train, people.task)
    twin, holdout = fit_twin(prior, people.train, people.task, PROTOCOL)
    shares = [model.named_steps["estimator"].class_prior_[1] for model in (serving, twin)]
    assert shares == [people.train[LABEL].mean(), training[LABEL].mean()]
    assert set(holdout.values) == {shares[1]}
    assert not hasattr(prior.named_steps["estimator"], "class_prior_"), "only clones are fitted"


def test_holdout_metrics_agree_with_the_holdout(people: Dataset) -> None:
    _, holdout = fit_twin(linear(), people.train, people.task, PROTOCOL)
    metrics = holdout_metrics(holdout)
    assert set(metrics) == {
        f"holdout_{metric}" for metric in (*METRICS, "error", "dummy", "dummy_error")
    }
    assert metrics["holdout_accuracy"] == holdout.accuracy
