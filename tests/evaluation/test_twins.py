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
from spaceship.evaluation.metrics import Metric
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import (
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
from spaceship.split.holdout import holdout_mask
from spaceship.task.spaceship_titanic.columns import ID, LABEL, group_of

PROTOCOL = Protocol(holdout_fraction=0.3, salt="pepper", n_folds=3, seed=1)
BLANK = Report("candidate", "synthetic", "digest")
TIMINGS = {"fit_seconds", "predict_rows_per_second"}
Make = Callable[[], Pipeline]


def boosted() -> Pipeline:
    model = LGBMClassifier(
        n_estimators=15, subsample=0.7, subsample_freq=1, random_state=3, n_jobs=1, verbose=-1
    )
    return build_pipeline(RawFeatures(), Encoding.NATIVE, model)


def linear() -> Pipeline:
    return build_pipeline(RawFeatures(), Encoding.ONEHOT, LogisticRegression(max_iter=500))


def scrambled(frame: pd.DataFrame) -> pd.DataFrame:
    """Change whatever is known of those held out but who they are."""
    held = holdout_mask(frame[ID], fraction=PROTOCOL.holdout_fraction, salt=PROTOCOL.salt)
    assert 20 < held.sum() < len(frame) / 2
    age = frame["Age"].mask(held, 1.0)
    planet = frame["HomePlanet"].mask(held, "Pluto")
    return frame.assign(Age=age, HomePlanet=planet, **{LABEL: frame[LABEL].to_numpy() ^ held})


def without_timings(report: Report) -> Report:
    metrics = {key: value for key, value in report.metrics.items() if key not in TIMINGS}
    folds = [{k: v for k, v in fold.items() if k not in TIMINGS} for fold in report.folds]
    return replace(report, metrics=metrics, folds=folds)


def test_both_parts_keep_groups_whole_and_lose_nobody(people: Dataset) -> None:
    training, holdout = PROTOCOL.split(people.train)
    groups = [set(group_of(part[ID])) for part in (training, holdout)]
    assert groups[0].isdisjoint(groups[1])
    assert sorted([*training[ID], *holdout[ID]]) == sorted(people.train[ID])
    for part in (training, holdout):
        assert part.index.tolist() == list(range(len(part)))


@pytest.mark.parametrize("make", [boosted, linear])
def test_cross_validation_does_not_look_at_the_holdout(people: Dataset, make: Make) -> None:
    frames = people.train, scrambled(people.train)
    honest, other = (measure(make(), frame, PROTOCOL, BLANK) for frame in frames)
    assert without_timings(honest) == without_timings(other)
    assert repeats(make(), frames[0], PROTOCOL, [1, 2]) == repeats(
        make(), frames[1], PROTOCOL, [1, 2]
    )


def test_the_twin_has_not_seen_the_holdouts_labels(people: Dataset) -> None:
    flipped = people.train.assign(**{LABEL: scrambled(people.train)[LABEL]})
    pairs = [fit_twin(boosted(), frame, PROTOCOL) for frame in (people.train, flipped)]
    (twin, honest), (_, other) = pairs
    assert honest.ids == other.ids
    assert (honest.probabilities == other.probabilities).all()
    assert (honest.labels != other.labels).all()
    _, held = PROTOCOL.split(people.train)
    assert honest.ids == tuple(held[ID])
    assert honest.labels.tolist() == held[LABEL].tolist()
    assert predict_holdout(twin, held) == honest


@pytest.mark.parametrize("make", [boosted, linear])
def test_the_same_run_gives_the_same_bits(people: Dataset, make: Make) -> None:
    reports = [without_timings(measure(make(), people.train, PROTOCOL, BLANK)) for _ in range(2)]
    assert reports[0] == reports[1]
    holdouts = [fit_twin(make(), people.train, PROTOCOL)[1] for _ in range(2)]
    assert holdouts[0] == holdouts[1]


def test_a_report_has_every_figure(people: Dataset) -> None:
    report = measure(linear(), people.train, PROTOCOL, BLANK)
    expected = {f"cv_{metric}{suffix}" for metric in Metric for suffix in ("", "_std")}
    assert set(report.metrics) == expected | TIMINGS
    assert len(report.folds) == PROTOCOL.n_folds
    accuracies = [fold["accuracy"] for fold in report.folds]
    assert report.metrics["cv_accuracy"] == pytest.approx(np.mean(accuracies), abs=1e-15)
    training, _ = PROTOCOL.split(people.train)
    parties = [one.n for one in report.slices if one.slice == "party"]
    assert sum(parties) == len(training)
    assert (report.name, report.data_digest, report.holdout) == ("candidate", "digest", None)


def test_another_seed_draws_other_folds(people: Dataset) -> None:
    seeds = repeats(linear(), people.train, PROTOCOL, [1, 2])
    assert set(seeds) == {"1", "2"}
    assert seeds["1"] != seeds["2"]
    first = measure(linear(), people.train, PROTOCOL, BLANK)
    assert seeds["1"] == {metric: first.metrics[f"cv_{metric}"] for metric in Metric}
    assert repeats(linear(), people.train, PROTOCOL, []) == {}


def test_the_serving_model_learns_from_everybody_the_twin_from_the_training_part(
    people: Dataset,
) -> None:
    prior = build_pipeline(RawFeatures(), Encoding.ONEHOT, DummyClassifier(strategy="prior"))
    training, _ = PROTOCOL.split(people.train)
    serving = fit_serving(prior, people.train)
    twin, holdout = fit_twin(prior, people.train, PROTOCOL)
    shares = [model.named_steps["estimator"].class_prior_[1] for model in (serving, twin)]
    assert shares == [people.train[LABEL].mean(), training[LABEL].mean()]
    assert set(holdout.probabilities) == {shares[1]}
    assert not hasattr(prior.named_steps["estimator"], "class_prior_"), "only clones are fitted"


def test_holdout_metrics_agree_with_the_holdout(people: Dataset) -> None:
    _, holdout = fit_twin(linear(), people.train, PROTOCOL)
    metrics = holdout_metrics(holdout)
    assert set(metrics) == {f"holdout_{metric}" for metric in Metric}
    assert metrics["holdout_accuracy"] == holdout.accuracy
