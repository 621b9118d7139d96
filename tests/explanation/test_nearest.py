"""Distances of rows over columns of every type, checked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.explanation.nearest import distances
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task


def flats(**columns: Any) -> Task:
    return Task.read({"problem": "regression", "label": "rent", "columns": columns})


def rows(task: Task, **values: Any) -> pd.DataFrame:
    return typed(pd.DataFrame(values, dtype=object), task.raw)


DAYS = ["2026-01-01", "2026-01-01", "2026-01-02", "2030-01-01", ""]


@pytest.mark.parametrize(
    ("kind", "values", "apart"),
    [
        ("number", ["1", "1", "5", "900", ""], [0, 0, 0.375, 0.625, 1]),
        ("category", ["a", "a", "b", "A", ""], [0, 0, 1, 1, 1]),
        ("boolean", ["yes", "True", "no", "0", ""], [0, 0, 1, 1, 1]),
        (
            "date",
            ["2026-01-01", "2026-01-01", "2026-01-02", "2030-01-01", ""],
            [0, 0, 0.375, 0.625, 1],
        ),
    ],
)
def test_each_type_of_column(kind: str, values: list[str], apart: list[float]) -> None:
    task = flats(one=kind)
    frame = rows(task, one=values)
    assert distances(frame.head(1), frame, task).tolist() == apart
    of_missing = distances(frame.tail(1), frame, task)
    assert of_missing.tolist() == [1, 1, 1, 1, 0]


def test_columns_count_the_same_and_texts_by_their_parts() -> None:
    columns = {"size": "number", "street": "text", "plan": "category"}
    plain = {"problem": "regression", "label": "rent", "columns": columns}
    task = Task.read({**plain, "parts": {"town": {"of": "street", "pattern": "(.)"}}})
    frame = rows(task, size=["1", "2"], street=["a 1", "a 2"], plan=["x", "y"])
    assert distances(frame.head(1), frame, task).tolist() == pytest.approx([0, (0.5 + 0 + 1) / 3])
    only_text = flats(words="text")
    frame = rows(only_text, words=["a", "b"])
    assert distances(frame.head(1), frame, only_text).tolist() == [0, 0]


def test_a_row_is_nearest_to_itself(people: Dataset, task: Task) -> None:
    apart = distances(people.train.iloc[[9]], people.train, task)
    assert apart[9] == 0
    assert apart.min() == 0
    assert apart.max() <= 1
    assert not np.isnan(apart).any()
