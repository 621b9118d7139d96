"""Permutation importance of raw columns through a whole fitted pipeline."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.evaluation.cross_validation import predict
from spaceship.evaluation.metrics import loss
from spaceship.task.task import Task

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Importance:
    """Rise of a model's loss once the values of one raw column are dealt out anew.

    >>> Importance("age", loss=0.03, error=0.001).column
    'age'
    """

    column: str
    loss: float  # mean rise over the repeats, of the log loss or of the RMSE
    error: float  # its standard error over the repeats; NaN of one repeat


def importances(
    pipeline: Any, frame: pd.DataFrame, task: Task, *, repeats: int = 3, seed: int = 0
) -> list[Importance]:
    """Return the importance of each raw column that a model is given, the most important first.

    The frame holds typed, labelled rows that the pipeline was not fitted on. Each group gets the
    values of another group of its size, so that what its rows have in common stays plausible. The
    column that names the groups is dealt out row by row: its importance is what the model reads
    from the name and from the other rows of the group.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> first, *_ = importances(fitted, people.train, task, repeats=2)
    >>> first.column in task.features, first.loss > 2 * first.error
    (True, True)
    """
    target, rng = task.target(frame), np.random.default_rng(seed)
    given = frame[[*task.model_columns]]
    groups = pd.factorize(task.group_names(frame))[0]
    before = loss(target, predict(pipeline, given, task), task.problem)
    found = []
    for column in given:
        rises = []
        for _ in range(repeats):
            names_groups = task.group is not None and column == task.group.of
            order = rng.permutation(len(given)) if names_groups else _by_group(groups, rng)
            dealt = given[column].take(order).set_axis(given.index)
            values = predict(pipeline, given.assign(**{str(column): dealt}), task)
            rises.append(loss(target, values, task.problem) - before)
        error = float(np.std(rises, ddof=1) / np.sqrt(repeats)) if repeats > 1 else np.nan
        found.append(Importance(str(column), float(np.mean(rises)), error))
    return sorted(found, key=lambda one: -one.loss)


def _by_group(groups: Positions, rng: np.random.Generator) -> Positions:
    """Return the row that each row gets its value from, given the number of each row's group.

    Groups of one size hand on their values in a random circle. Groups whose size no other group has
    do so together: each gets a run of consecutive values.

    >>> _by_group(np.array([0, 0, 1, 2, 2]), np.random.default_rng(0)).tolist()
    [3, 4, 2, 0, 1]
    """
    sizes = np.bincount(groups)
    shared = np.where(np.bincount(sizes)[sizes] > 1, sizes, 0)
    order = np.lexsort((rng.permutation(len(sizes))[groups], shared[groups]))
    starts = np.flatnonzero(np.diff(shared[groups][order])) + 1
    source = np.empty_like(order)
    for rows in np.split(order, starts):
        first = sizes[groups[rows[0]]]
        source[rows] = np.roll(rows, first) if first < len(rows) else rng.permutation(rows)
    return source
