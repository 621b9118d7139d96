"""Contributions of raw columns to a prediction: Shapley values through a whole fitted pipeline.

Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
contributions", Knowledge and Information Systems 41 (2014): from a row of the background to the row
explained, one column after the other, in a random order and in its reverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spaceship.explanation._copies import Copies
from spaceship.task.arrays import Estimator, Floats, Positions
from spaceship.task.task import Task

_CANDIDATES = 1000  # rows of the background that are predicted, to draw from


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each raw column adds to the predictions of rows: `base + values.sum(axis=1)`.

    The last axis of an array is the probability of True, those of the classes, or the number.

    >>> pushes = np.array([[[0.25], [-0.125]]])
    >>> Contributions(("age", "fee"), np.array([0.5]), pushes, pushes / 10, 2).predictions.tolist()
    [[0.625]]
    """

    columns: tuple[str, ...]
    base: Floats  # mean prediction of the rows drawn from the background, (n_outputs,)
    values: Floats  # (n_rows, n_columns, n_outputs)
    errors: Floats  # their standard errors over the draws
    draws: int  # as many as were wanted, or fewer

    @property
    def predictions(self) -> Floats:
        """The predictions that the contributions add up to, (n_rows, n_outputs)."""
        return np.asarray(self.base + self.values.sum(axis=1))


def contributions(  # noqa: PLR0913
    pipeline: Estimator,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    task: Task,
    *,
    at: Sequence[int] | None = None,
    draws: int = 100,
    seed: int = 0,
) -> Contributions:
    """Return the contributions of the typed rows at some positions, of all if none are given.

    The other rows of a row's group are those of its own frame. Each draw takes one row of the
    background, from the lowest prediction to the highest. Large groups leave fewer draws than are
    wanted, and fewer rows, the first ones, where a few draws of each are too many.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> found = contributions(fitted, people.test, people.train, task, at=[7])
    >>> bool(np.isclose(found.predictions[0, 0], fitted.predict_proba(people.test)[7, 1]))
    True
    """
    rng, copies = np.random.default_rng(seed), Copies.of(pipeline, rows, background, task)
    explained = np.arange(len(rows)) if at is None else np.asarray(at, dtype=np.intp)
    others = _drawn(copies, draws, rng)
    copies = copies.affordable(explained, others)
    n_rows, draws = copies.most(explained, others)
    others = others if draws == len(others) else _drawn(copies, draws, rng)
    ranks = rng.permuted(np.tile(np.arange(copies.pool.shape[1]), (draws, 1)), axis=1)
    pushes = _pushes(copies, explained[:n_rows], others, ranks)
    base = copies.predict_rows(others).mean(axis=0)
    errors = pushes.std(axis=1, ddof=1) / np.sqrt(draws)
    return Contributions(tuple(task.model_columns), base, pushes.mean(axis=1), errors, draws)


def _drawn(copies: Copies, draws: int, rng: np.random.Generator) -> Positions:
    """Return rows of the background, in random order, whose predictions are spread like all are.

    So their mean prediction hardly depends on the draw.
    """
    known = copies.first + rng.permutation(len(copies.pool) - copies.first)[:_CANDIDATES]
    values = copies.predict_rows(known)
    ranked = known[np.argsort(values[:, values.std(axis=0).argmax()], kind="stable")]
    places = (np.arange(draws) + rng.random(draws)) * len(ranked) / draws
    return np.asarray(rng.permutation(ranked[places.astype(np.intp)]))


def _pushes(copies: Copies, rows: Positions, others: Positions, ranks: Positions) -> Floats:
    """Return what each column adds in each draw, (n_rows, n_draws, n_columns, n_outputs).

    The ranks are the columns' places in the order of each draw, (n_draws, n_columns).
    """
    n_columns = ranks.shape[1]
    given = np.arange(n_columns + 1)[:, None]  # number of columns that the row has given so far
    orders = np.concatenate([ranks, n_columns - 1 - ranks])  # each one also backwards
    others = np.tile(others, 2)[:, None, None]
    sources = np.where(orders[:, None] < given, rows[:, None, None, None], others)
    values = copies.predict(sources.reshape(-1, n_columns)).reshape(*sources.shape[:3], -1)
    steps = np.take_along_axis(np.diff(values, axis=2), orders[None, ..., None], axis=2)
    forwards, backwards = np.split(steps, 2, axis=1)
    return np.asarray((forwards + backwards) / 2)
