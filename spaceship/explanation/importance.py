"""Permutation importance of raw columns through a whole fitted pipeline."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spaceship.evaluation.cross_validation import predict
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import row_losses
from spaceship.task.arrays import Estimator, Floats, Positions, Target
from spaceship.task.label import Problem
from spaceship.task.task import Task


@dataclass(frozen=True)
class Importance:
    """Rise of a model's loss once the values of one raw column are dealt out anew.

    >>> Importance("age", loss=0.03, error=0.001).column
    'age'
    """

    column: str
    loss: float  # mean rise over the repeats, of the log loss or of the RMSE
    error: float  # its standard error, a group is one draw; NaN of one group


def importances(
    pipeline: Estimator, frame: pd.DataFrame, task: Task, *, repeats: int = 3, seed: int = 0
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
    predicted = predict(pipeline, given, task)
    before, shares = _loss(target, predicted, task.problem)
    found = []
    for column in given:
        rises, kinds = [], pd.factorize(given[column])[0]
        names_groups = task.group is not None and column == task.group.of
        for _ in range(repeats):
            order = rng.permutation(len(given)) if names_groups else _by_group(groups, rng)
            dealt = given[column].take(order).set_axis(given.index)
            changed = names_groups | (np.bincount(groups, kinds[order] != kinds)[groups] > 0)
            values = predicted.copy()  # a row depends on those of its group alone
            if changed.any():
                part = given.assign(**{str(column): dealt})[changed]
                values[changed] = predict(pipeline, part, task)
            after, own = _loss(target, values, task.problem)
            rises.append((after - before, own - shares))
        wholes, rows = zip(*rises, strict=True)
        error = standard_error(np.mean(rows, axis=0), groups) if groups.max() else np.nan
        found.append(Importance(str(column), float(np.mean(wholes)), error))
    return sorted(found, key=lambda one: -one.loss)


def _loss(target: Target, values: Floats, problem: Problem) -> tuple[float, Floats]:
    """Return the loss, and how far each row moves it off, in its unit: their mean is 0."""
    losses = row_losses(target, values, problem)
    mean = float(losses.mean())
    if problem is not Problem.REGRESSION:
        return mean, losses - mean
    root = math.sqrt(mean)
    return root, (losses - mean) / (2 * root or 1.0)  # to the first order


def _by_group(groups: Positions, rng: np.random.Generator) -> Positions:
    """Return the row that each row gets its value from, given the number of each row's group.

    Groups of one size hand on their values in a random circle. A group whose size no other group
    has gets the values of other groups in random order, again from the first if they are fewer.

    >>> _by_group(np.array([0, 0, 1, 2, 2]), np.random.default_rng(0)).tolist()
    [3, 4, 3, 0, 1]
    """
    sizes = np.bincount(groups)
    order = np.lexsort((rng.permutation(len(sizes))[groups], sizes[groups]))
    source = np.empty_like(order)
    for rows in np.split(order, np.flatnonzero(np.diff(sizes[groups][order])) + 1):
        size = sizes[groups[rows[0]]]
        if size < len(rows):
            source[rows] = np.roll(rows, size)
            continue
        mixed = np.argsort(rng.permutation(len(sizes))[groups], kind="stable")
        others = mixed[groups[mixed] != groups[rows[0]]]
        source[rows] = np.resize(others, size) if len(others) else rng.permutation(rows)
    return source
