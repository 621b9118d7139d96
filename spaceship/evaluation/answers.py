"""Answers to rows: the predicted label of each, and its probabilities or its interval."""

from typing import Any

import numpy.typing as npt
import pandas as pd

from spaceship.evaluation.metrics import THRESHOLD, decide
from spaceship.task.arrays import Floats
from spaceship.task.label import BOUNDS, PROBABILITY
from spaceship.task.task import Task

COVERAGE = 0.9
"""Share of new rows whose number is meant to lie in its interval."""


def answers(
    values: Floats, task: Task, threshold: float = THRESHOLD, margin: float | None = None
) -> pd.DataFrame:
    """Return the columns of `answer_columns` as a frame.

    >>> answers(pd.Series([0.75]).to_numpy(), task).columns[-1]
    'probability_True'
    """
    return pd.DataFrame(answer_columns(values, task, threshold, margin))


def answer_columns(
    values: Floats, task: Task, threshold: float = THRESHOLD, margin: float | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Return the label of each row in its own values, and further columns by name.

    The values are those of `predict`. Beside a class stands the probability of True or of each
    class, beside a number the ends of its interval, if the half width (`margin`) is known.

    >>> answer_columns(pd.Series([0.75]).to_numpy(), task)["probability_True"].tolist()
    [0.75]
    """
    table = {task.label: task.spelt(decide(values, task.problem, threshold))}
    if task.is_classification:
        chances = values[:, None] if values.ndim == 1 else values
        classes = (task.label_values or ("True",))[-chances.shape[1] :]
        table |= {f"{PROBABILITY}{one}": chances[:, at] for at, one in enumerate(classes)}
    elif margin is not None:
        table |= dict(zip(BOUNDS, (values - margin, values + margin), strict=True))
    return table
