"""Fixtures of champions: a saved model, and an experiment with two champions."""

from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.experiment import Experiment
from spaceship.registry import packaging
from tests.mode.champions import add


@pytest.fixture(scope="module")
def model(people: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a model that loads."""
    from sklearn.linear_model import LogisticRegression

    from spaceship.features.raw import RawFeatures
    from spaceship.model.encoding import Encoding
    from spaceship.model.pipeline import build_pipeline

    task = people.task
    features = RawFeatures(task.to_plain())
    pipeline: Pipeline = build_pipeline(features, Encoding.ONEHOT, LogisticRegression())
    raw = people.train.head(60)
    pipeline.fit(raw.drop(columns=task.label), task.target(raw))
    folder = tmp_path_factory.mktemp("saved") / "model"
    packaging.save(pipeline, folder, raw.drop(columns=task.label), task)
    return folder


@pytest.fixture
def two(experiment: Experiment, model: Path) -> Experiment:
    """Give an experiment with two champions, one after the other."""
    add(experiment, model)
    add(experiment, model)
    return experiment
