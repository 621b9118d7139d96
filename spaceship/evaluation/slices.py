"""Scores by slice: metrics of the rows that share a value, such as one region."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spaceship.evaluation.metrics import score
from spaceship.records import Figure
from spaceship.task.arrays import Floats, Target
from spaceship.task.task import Task


@dataclass(frozen=True)
class SliceScore:
    """Scores of the rows with one value of one slice; NaN where the problem has no such score."""

    slice: str  # such as "region"
    value: str  # "missing" where it is unknown
    n: int  # number of rows
    accuracy: Figure = math.nan
    log_loss: Figure = math.nan
    rmse: Figure = math.nan


def score_slices(
    task: Task, frame: pd.DataFrame, values: Floats, predictions: Target
) -> list[SliceScore]:
    """Return the scores of each value of each slice of typed, labelled rows, in a fixed order.

    The values are those of `score`, the predictions the labels decided from them. Rows whose value
    is NaN, such as those that no fold tests, are left out.

    >>> chances = task.target(people.train).astype(float)
    >>> score_slices(task, people.train, chances, chances > 0.5)[-1].value
    'solo'
    """
    target, scores = task.target(frame), []
    known = ~np.isnan(values.reshape(len(values), -1)).any(axis=1)
    for name, levels in task.slice_values(frame).items():
        for value in sorted(levels.unique()):
            rows = (levels == value).to_numpy(dtype=bool) & known
            if rows.any():
                found = score(target[rows], values[rows], problem=task.problem)
                if task.is_classification:  # a fold may have had a threshold of its own
                    found["accuracy"] = float(np.mean(predictions[rows] == target[rows]))
                wanted = {key: found[key] for key in found if key in SliceScore.__annotations__}
                scores.append(SliceScore(name, value, int(rows.sum()), **wanted))
    return scores
