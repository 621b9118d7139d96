"""Scores by slice: accuracy and log loss of the rows that share a value, such as one planet."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.evaluation.metrics import log_loss
from spaceship.records import Figure
from spaceship.task.spaceship_titanic.slices import slice_values


@dataclass(frozen=True)
class SliceScore:
    """Scores of the rows with one value of one slice; NaN if a probability is NaN."""

    slice: str  # such as "deck"
    value: str  # "missing" where it is unknown
    n: int  # number of rows
    accuracy: Figure
    log_loss: Figure


def score_slices(
    frame: pd.DataFrame,
    labels: npt.NDArray[np.bool_],
    probabilities: npt.NDArray[np.float64],
    predictions: npt.NDArray[np.bool_],
) -> list[SliceScore]:
    """Return the scores of each value of each slice of typed rows, in a fixed order.

    >>> labels = people.train["Transported"].to_numpy()
    >>> score_slices(people.train, labels, labels.astype(float), labels)[-1].value
    'solo'
    """
    scores = []
    for name, values in slice_values(frame).items():
        for value in sorted(values.unique()):
            rows = (values == value).to_numpy(dtype=bool)
            known = not np.isnan(probabilities[rows]).any()
            accuracy = float(np.mean(predictions[rows] == labels[rows])) if known else math.nan
            loss = log_loss(labels[rows], probabilities[rows]) if known else math.nan
            scores.append(SliceScore(name, value, int(rows.sum()), accuracy, loss))
    return scores
