"""Models as objects: labels, probabilities and intervals of raw rows, for every kind of problem."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.api.loaded_model import LoadedModel
from spaceship.errors import DataError, RegistryError
from spaceship.model.predictor import Predictor
from spaceship.task.label import Problem
from tests.tasks import ODD, PROBLEMS, fields, harvest


def model_of(problem: Problem, margin: float | None = None) -> tuple[LoadedModel, pd.DataFrame]:
    """Return a model that has learnt from some rows, and those rows from the last to the first."""
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import LogisticRegression

    from spaceship.features.raw import RawFeatures
    from spaceship.model.encoding import Encoding
    from spaceship.model.pipeline import build_pipeline
    from spaceship.model.served import served

    task = fields(problem)
    rows = harvest(task)
    estimator: Any = LogisticRegression() if task.is_classification else DummyRegressor()
    pipeline = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, estimator)
    predictor = Predictor(served(pipeline.fit(rows, task.target(rows))), task, margin)
    return LoadedModel("a model", "1", "a1b2", {}, {}, None, predictor), rows.iloc[::-1]


@pytest.mark.parametrize("problem", PROBLEMS)
def test_labels_have_the_index_of_the_rows_and_values_of_the_label(problem: Problem) -> None:
    model, rows = model_of(problem)
    predicted = model.predict(rows.assign(further="column"))
    task = fields(problem)
    assert predicted.name == task.label
    assert predicted.index.equals(rows.index)
    assert predicted.equals(model.predict(rows.iloc[::-1]).iloc[::-1])
    if task.is_classification:
        assert {*predicted} <= {*task.label_values}


@pytest.mark.parametrize(
    ("problem", "classes"),
    [(Problem.BINARY, ["costs", "pays off"]), (Problem.MULTICLASS, [*ODD])],
)
def test_probabilities_are_those_of_the_pipeline(problem: Problem, classes: list[str]) -> None:
    model, rows = model_of(problem)
    chances = model.predict_proba(rows)
    assert chances.columns.tolist() == classes
    assert chances.index.equals(rows.index)
    assert np.allclose(chances.sum(axis=1), 1)
    assert model._predictor is not None
    assert np.allclose(chances, model._predictor.pipeline.predict_proba(rows))
    assert chances.idxmax(axis=1).tolist() == model.predict(rows).tolist()


def test_no_rows_have_no_answers() -> None:
    model, rows = model_of(Problem.BINARY)
    assert model.predict_proba(rows.head(0)).shape == (0, 2)
    assert model.predict(rows.head(0)).empty


def test_numbers_have_an_interval_where_its_width_is_known() -> None:
    model, rows = model_of(Problem.REGRESSION, margin=0.5)
    bounds = model.predict_interval(rows)
    assert bounds.index.equals(rows.index)
    assert np.allclose(bounds.mean(axis=1), model.predict(rows))
    assert np.allclose(bounds["upper_90"] - bounds["lower_90"], 1)
    with pytest.raises(DataError, match="found a model without intervals"):
        model_of(Problem.REGRESSION)[0].predict_interval(rows)


def test_what_a_model_does_not_know_is_said_with_what_it_knows() -> None:
    numbers, rows = model_of(Problem.REGRESSION)
    with pytest.raises(DataError, match=r"the number tons; .*predict_interval"):
        numbers.predict_proba(rows)
    classes, rows = model_of(Problem.BINARY)
    with pytest.raises(DataError, match="found classes; ask for predict"):
        classes.predict_interval(rows)
    with pytest.raises(DataError, match="rain"):
        classes.predict(rows.drop(columns="rain"))
    with pytest.raises(DataError, match="rain"):
        classes.predict(rows.assign(rain="wet"))
    with pytest.raises(RegistryError, match="run a1b2, found none: it was refused"):
        LoadedModel("a model", None, "a1b2", {}, {}).predict(rows)
