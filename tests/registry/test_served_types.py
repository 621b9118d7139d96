"""MLflow's pyfunc predicts whatever the pipeline takes: no type of a column is refused."""

import io
from collections.abc import Callable
from typing import Any

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.errors import DataError
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging


def read(text: str, **options: Any) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(io.StringIO(text), **options)
    return frame


def reverse(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.loc[:, [*frame.columns[::-1]]]


FRAMES: dict[str, Callable[[str], pd.DataFrame]] = {
    "read_csv": read,
    "text": lambda text: read(text, dtype=str),
    "text, empty": lambda text: read(text, dtype=str, keep_default_na=False),
    "object": lambda text: read(text).astype(object),
    "convert_dtypes": lambda text: read(text).convert_dtypes(),
    "pyarrow": lambda text: read(text, dtype_backend="pyarrow"),
    "nullable": lambda text: read(text, dtype_backend="numpy_nullable"),
    "category": lambda text: read(text).astype({"HomePlanet": "category", "VIP": "category"}),
    "0 and 1": lambda text: read(text).astype({"VIP": "float", "CryoSleep": "float"}),
    "whole": lambda text: read(text).astype({"Age": "Int64", "Spa": "Int16"}),
    "small": lambda text: read(text).astype({"Age": "float32"}),
    "other order": lambda text: reverse(read(text)),
    "more columns": lambda text: read(text).assign(more="anything"),
}


@pytest.fixture(scope="module")
def fitted(people: Dataset) -> Pipeline:
    features = RawFeatures(people.task.to_plain())
    pipeline = build_pipeline(features, Encoding.ONEHOT, LogisticRegression(max_iter=500))
    return pipeline.fit(people.train, people.task.target(people.train))


@pytest.fixture(scope="module")
def served(fitted: Pipeline, people: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("served") / "model"
    packaging.save(fitted, folder, people.train, people.task)
    return mlflow.pyfunc.load_model(str(folder))


@pytest.mark.parametrize("name", FRAMES)
def test_all_frames_give_the_same_predictions(
    served: Any, fitted: Pipeline, people: Dataset, name: str
) -> None:
    assert people.test is not None
    rows = people.test.assign(Age=people.test["Age"].round(), Spa=people.test["Spa"].round())
    frame = FRAMES[name](rows.to_csv(index=False))
    assert served.predict(frame).tolist() == fitted.predict(rows).tolist()


def test_no_rows_have_no_predictions(served: Any, people: Dataset) -> None:
    assert people.test is not None
    found = served.predict(people.test.head(0))
    assert (found.shape, found.dtype) == ((0,), "bool")
    assert served.predict(people.test.head(1)).shape == (1,)


def test_what_the_pipeline_cannot_read_is_still_refused(served: Any, people: Dataset) -> None:
    assert people.test is not None
    with pytest.raises(DataError, match="Age"):
        served.predict(people.test.assign(Age="old"))
    with pytest.raises(DataError, match="missing: Age"):
        served.predict(people.test.drop(columns="Age"))
    with pytest.raises(mlflow.MlflowException, match="PassengerId"):
        served.predict(people.test.drop(columns="PassengerId"))
