"""Worst errors of a hold-out: the rows, with their raw columns as people may read them."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from spaceship.card.card import WorstRow
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import decide, of_truth, row_losses
from spaceship.task.arrays import Floats
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.task.written import shown, written
from spaceship.text import shortened

_MOST, _LENGTH = 15, 80  # rows, and characters of a value


def worst_rows(rows: HoldOut, frame: pd.DataFrame, task: Task) -> Iterator[WorstRow]:
    """Yield the rows with the largest losses, the worst first; `frame` holds the labelled rows.

    The loss is the log loss, of numbers the absolute error. Control characters are escaped.

    >>> first, *_ = people.train.index
    >>> ids = task.names(people.train)[:2]
    >>> rows = HoldOut.of(ids, task.target(people.train)[:2], [0.5, 0.5])
    >>> len([*worst_rows(rows, people.train, task)])
    2
    """
    if not np.isfinite(rows.values).all():
        return
    losses, chance = _losses(rows)
    predicted = task.spelt(decide(rows.values, rows.problem, rows.threshold))
    truth = task.spelt(rows.target)
    named = pd.Index(task.names(frame))
    raw = frame[[*task.raw]]
    for at in np.argsort(-losses, kind="stable")[:_MOST]:
        own = raw.iloc[named.get_loc(rows.ids[at])]
        yield WorstRow(
            _short(rows.ids[at]),
            _short(truth[at]),
            _short(predicted[at]),
            float(losses[at]),
            None if chance is None else float(chance[at]),
            {
                _short(name): _short(written(value, task.raw[str(name)]))
                for name, value in own.items()
            },
        )


def _losses(rows: HoldOut) -> tuple[Floats, Floats | None]:
    """Return the loss of each row, and the probability of its true class."""
    if rows.problem is Problem.REGRESSION:
        return np.abs(rows.values - rows.target), None
    chance = of_truth(rows.target, rows.values, rows.problem)
    return row_losses(rows.target, rows.values, rows.problem), chance


def _short(value: object) -> str:
    return shortened(shown(written(value), missing=""), _LENGTH)
