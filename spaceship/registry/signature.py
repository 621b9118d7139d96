"""Signature of a stored model: the raw columns that it takes, and the columns of its answers."""

from typing import TYPE_CHECKING

import pandas as pd

from spaceship.task.task import Task
from spaceship.task.written import as_written

if TYPE_CHECKING:
    from mlflow.models import ModelSignature


def as_served(raw: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the raw columns as a CSV file or a JSON request of the task writes them.

    >>> as_served(people.train, task).dtypes.astype("str").unique().tolist()
    ['str', 'object', 'float64']
    """
    return as_written(raw[[*task.model_columns]], task.raw)


def signature(example: pd.DataFrame, answered: pd.DataFrame) -> "ModelSignature":
    """Return the names of the columns, of any type, and the columns of answers with their types.

    The model types a column itself, and says what it cannot read. MLflow, given types, refuses
    whole numbers for numbers, text, categories and Arrow's types before the model sees them.

    >>> rows = as_served(people.train, task)
    >>> signature(rows, people.sample).inputs.input_names() == list(rows)
    True
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

    anything = AnyType()  # type: ignore[no-untyped-call]
    columns: list[ColSpec | TensorSpec] = [ColSpec(anything, str(name)) for name in example.columns]
    return ModelSignature(Schema(columns), infer_signature(example, answered).outputs)
