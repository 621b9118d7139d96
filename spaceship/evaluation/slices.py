"""Scores by slice: accuracy and log loss of the rows that share a value, such as one planet."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.evaluation.metrics import THRESHOLD, log_loss
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
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    predictions: npt.ArrayLike | None = None,
) -> list[SliceScore]:
    """Return the scores of each value of each slice that occurs, in a fixed order.

    Args:
        frame: Typed columns `(n_rows, n_columns)`.
        labels: True or False per row `(n_rows,)`.
        probabilities: Predicted probability of True `(n_rows,)`.
        predictions: Predicted label `(n_rows,)`; None is True above 0.5.

    >>> train = people.train
    >>> score_slices(train, train["Transported"], [0.5] * len(train))[-1].value
    'solo'

    """
    truth, chance = np.asarray(labels, dtype=bool), np.asarray(probabilities, dtype=float)
    guess = chance > THRESHOLD if predictions is None else np.asarray(predictions, dtype=bool)
    scores = []
    for name, values in slice_values(frame).items():
        for value in sorted(values.unique()):
            rows = (values == value).to_numpy(dtype=bool)
            known = not np.isnan(chance[rows]).any()
            accuracy = float(np.mean(guess[rows] == truth[rows])) if known else math.nan
            loss = log_loss(truth[rows], chance[rows]) if known else math.nan
            scores.append(SliceScore(name, value, int(rows.sum()), accuracy, loss))
    return scores
