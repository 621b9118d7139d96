"""Signature of a stored model: the raw columns that it takes, and the columns of its answers."""

import json
from collections.abc import Mapping

import pandas as pd

from spaceship.task.task import Task
from spaceship.task.written import as_written

_TYPES = {"bool": "boolean", "float64": "double", "int64": "long", "int32": "integer"}
"""MLflow's names of types of columns; any other column is text."""


def as_served(raw: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the raw columns as a CSV file or a JSON request of the task writes them.

    >>> as_served(people.train, task).dtypes.astype("str").unique().tolist()
    ['str', 'object', 'float64']
    """
    return as_written(raw[[*task.model_columns]], task.raw)


def signature(example: pd.DataFrame, answered: pd.DataFrame) -> dict[str, str | None]:
    """Return the names of the columns, of any type, and the columns of answers with their types.

    The model types a column itself, and says what it cannot read. MLflow, given types, refuses
    whole numbers for numbers, text, categories and Arrow's types before the model sees them.

    >>> signature(pd.DataFrame({"age": [7.0]}), people.sample)["inputs"]
    '[{"type": "any", "name": "age", "required": true}]'
    """
    kinds = {str(name): str(one.dtype) for name, one in answered.items()}
    given = {name: _TYPES.get(kind, "string") for name, kind in kinds.items()}
    taken = {str(name): "any" for name in example.columns}
    return {"inputs": _columns(taken), "outputs": _columns(given), "params": None}


def _columns(types: Mapping[str, str]) -> str:
    return json.dumps(
        [{"type": kind, "name": name, "required": True} for name, kind in types.items()]
    )
