"""Several candidates as one: weights learnt on unseen rows, one model to store and serve."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from spaceship.features.raw import RawFeatures
from spaceship.model.blend import Blend
from spaceship.model.catboost import CategoryCatBoost
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import InnerIterations
from spaceship.model.pipeline import build_blend, build_pipeline
from spaceship.registry import packaging
from spaceship.task.spaceship_titanic.features.full import FullFeatures
from spaceship.task.task import Task
from tests.tasks import built_in

SIZE = 600
"""Passengers of the fixture `people`."""
People = tuple[pd.DataFrame, Any]
TREES: dict[str, Any] = {"n_estimators": 20, "num_leaves": 4, "verbose": -1, "n_jobs": 1}


def steps(features: Any) -> Any:
    return build_pipeline(features, Encoding.NATIVE, None)[:-1]


def blend(*estimators: Any, **settings: Any) -> Blend:
    members = [("raw", steps(RawFeatures()), estimator) for estimator in estimators]
    return build_blend(members, task=built_in().to_plain(), **settings)


def noise() -> Any:
    return DummyClassifier(strategy="stratified", random_state=0)


@pytest.mark.parametrize("method", ["stack", "greedy"])
def test_a_member_that_guesses_gets_next_to_no_weight(people: People, method: str) -> None:
    fitted = blend(LGBMClassifier(**TREES), noise(), method=method).fit(*people)
    good, bad = fitted.weights_
    assert good > 0.3
    assert bad < 0.1 * good
    assert min(fitted.weights_) >= 0


def test_a_member_that_knows_its_training_rows_by_heart_is_not_believed(people: People) -> None:
    """Weights from training rows would go to the tree that has memorised them."""
    heart = LGBMClassifier(
        **TREES | {"n_estimators": 200, "num_leaves": 63, "min_child_samples": 1}
    )
    frame, labels = people
    fitted = blend(LGBMClassifier(**TREES), heart).fit(frame, labels)
    chances = fitted.fitted_members_[1][1][0].predict_proba(
        fitted.fitted_preparations_[0].transform(frame)
    )
    assert log_loss(labels, chances[:, 1]) < 0.01
    assert fitted.weights_[0] > 3 * fitted.weights_[1]


@pytest.mark.parametrize("method", ["stack", "greedy"])
def test_two_members_predict_better_than_each(people: People, method: str) -> None:
    frame, labels = people
    learn, ask = np.arange(SIZE) < 400, np.arange(SIZE) >= 400
    members = [LGBMClassifier(**TREES), LGBMClassifier(**TREES | {"num_leaves": 2})]
    both = blend(*members, method=method).fit(frame[learn], labels[learn])
    losses = [
        log_loss(labels[ask], one.fit(frame[learn], labels[learn]).predict_proba(frame[ask])[:, 1])
        for one in (blend(member) for member in members)
    ]
    assert log_loss(labels[ask], both.predict_proba(frame[ask])[:, 1]) < max(losses)


def test_members_with_the_same_columns_share_what_prepares_them() -> None:
    features = [RawFeatures(), RawFeatures(), FullFeatures(["spending"])]
    members = [
        (key, steps(part), LGBMClassifier(**TREES))
        for key, part in zip(("raw", "raw", "full"), features, strict=True)
    ]
    made = build_blend(members, task=built_in().to_plain())
    assert len(made.preparations) == 2
    assert [place for place, _ in made.members] == [0, 0, 1]


def test_bags_are_fits_with_seeds_of_their_own(people: People) -> None:
    random = LGBMClassifier(**TREES, random_state=5, subsample=0.5, subsample_freq=1)
    fitted = blend(random, bags=3).fit(*people)
    (_, bags), *_ = fitted.fitted_members_
    assert [bag.get_params()["random_state"] for bag in bags] == [5, 6, 7]
    assert len({bag.booster_.model_to_string() for bag in bags}) == 3


def test_a_mean_weighs_members_alike_and_fits_each_once(people: People) -> None:
    """Inner folds would show as predictions for rows that were not learnt from."""
    frame, labels = people
    several = [LGBMClassifier(**TREES), LGBMClassifier(**TREES | {"num_leaves": 2})]
    both = blend(*several, method="mean", n_folds=10**6).fit(frame, labels)
    each = [blend(one).fit(frame, labels).predict_proba(frame) for one in several]
    np.testing.assert_allclose(both.predict_proba(frame), np.mean(each, axis=0), rtol=1e-12)


def test_a_member_counts_in_a_mean_once_a_bag(people: People) -> None:
    several = [LGBMClassifier(**TREES), LGBMClassifier(**TREES, random_state=1)]
    assert blend(*several, method="mean", bags=[3, 1]).fit(*people).weights_ == [0.75, 0.25]


def test_rounds_are_chosen_once_for_all_bags_as_for_a_model_alone(people: People) -> None:
    trees = LGBMClassifier(**TREES | {"learning_rate": 0.5, "subsample": 0.5, "subsample_freq": 1})
    trees.set_params(random_state=3)
    alone = InnerIterations(
        build_pipeline(RawFeatures(), Encoding.NATIVE, trees), built_in().to_plain(), n_used=1
    ).fit(*people)
    fitted = blend(trees, noise(), bags=[2, 1], iterations=["inner_fold", "fixed"]).fit(*people)
    (_, (first, second)), _ = fitted.fitted_members_
    assert alone.rounds_ not in {20, 40}
    assert [one.n_estimators for one in (first, second)] == [alone.rounds_] * 2
    assert first.booster_.model_to_string() == alone.fitted_[-1].booster_.model_to_string()


def test_rows_do_not_depend_on_the_batch(people: People) -> None:
    frame, labels = people
    fitted = blend(LGBMClassifier(**TREES), LGBMClassifier(**TREES | {"num_leaves": 8}))
    whole = fitted.fit(frame, labels).predict_proba(frame)
    alone = np.vstack([fitted.predict_proba(frame.iloc[[row]]) for row in range(50)])
    np.testing.assert_array_equal(alone, whole[:50])
    assert is_classifier(fitted)
    assert (fitted.predict(frame) == (whole[:, 1] > 0.5)).all()


def test_is_stored_with_all_its_members_and_their_packages(
    people: People, task: Task, tmp_path: Path
) -> None:
    frame, labels = people
    other = CategoryCatBoost(iterations=5, allow_writing_files=False, logging_level="Silent")
    made = blend(LGBMClassifier(**TREES), other)
    fitted = Pipeline([("candidate", made)]).fit(frame, labels)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(frame), fitted.predict_proba(frame))
    needed = (tmp_path / "model" / "requirements.txt").read_text()
    assert "lightgbm==" in needed
    assert "catboost==" in needed


def test_same_seed_same_bits_also_in_a_clone(people: People) -> None:
    frame, labels = people
    made = blend(LGBMClassifier(**TREES), LGBMClassifier(**TREES | {"num_leaves": 8}))
    first = clone(made).fit(frame, labels).predict_proba(frame)
    second = clone(made.fit(frame, labels)).fit(frame, labels).predict_proba(frame)
    np.testing.assert_array_equal(first, second)
