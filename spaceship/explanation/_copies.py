"""Masked copies of rows: some columns of one row, the others of another, among a group's rows."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from spaceship.evaluation.cross_validation import predict
from spaceship.task.arrays import Estimator, Floats, Positions
from spaceship.task.calls import in_calls
from spaceship.task.task import Task

_FEWEST_DRAWS = 4
_CALL = 400  # rows that take as long to predict as a call of its own does
_SAME = 1e-9  # greatest difference of two predictions of one row


@dataclass(frozen=True, eq=False)
class Copies:
    """A pool of rows whose columns can be mixed, and a pipeline that predicts the mixtures.

    The row that gives a copy the column that names the groups gives it the other rows of its group
    too, as features may look at them. Each copy is a call of its own.
    """

    pipeline: Estimator
    task: Task
    pool: pd.DataFrame  # rows to explain, then the background: the columns that a model is given
    first: int  # place of the first row of the background
    groups: Positions  # number of each row's group; the two frames share none
    at_once: bool = True  # else each copy is predicted by a call that knows of no other
    most_rows: int = 200_000  # of all copies, the other rows of their groups included

    @classmethod
    def of(
        cls, pipeline: Estimator, rows: pd.DataFrame, background: pd.DataFrame, task: Task
    ) -> Self:
        """Return the copies that the rows of two typed frames can be mixed to."""
        names, first = [*task.model_columns], len(rows)
        pool = pd.concat([rows[names], background[names]], ignore_index=True)
        groups = np.arange(len(pool))
        if task.group is not None:
            groups = pd.factorize(task.group_names(in_calls(pool, np.where(groups < first, 0, 1))))[
                0
            ]
        return cls(pipeline, task, pool, first, groups)

    def predict(self, sources: Positions) -> Floats:
        """Return the predictions of copies, (n_copies, n_outputs).

        The sources are the row of the pool that gives each column, (n_copies, n_columns).
        """
        frame, calls = self._mixed(sources)
        if self.at_once:
            values = predict(self.pipeline, in_calls(frame, calls), self.task)[: len(sources)]
        else:
            each = [frame[calls == call] for call in range(len(sources))]
            values = np.stack([predict(self.pipeline, one, self.task)[0] for one in each])
        return values.reshape(len(sources), -1)

    def predict_rows(self, rows: Positions) -> Floats:
        """Return the predictions of rows of the pool in their own frames, (n_rows, n_outputs)."""
        needed = np.flatnonzero(np.isin(self.groups, self.groups[rows]))
        parts = np.split(needed, [np.searchsorted(needed, self.first)])
        frames = [self.pool.iloc[part] for part in parts if len(part)]
        values = np.concatenate([predict(self.pipeline, one, self.task) for one in frames])
        return values.reshape(len(needed), -1)[np.searchsorted(needed, rows)]

    def whole(self, rows: Positions) -> Positions:
        """Return the sources of copies that are rows of the pool as they are."""
        return np.tile(rows[:, None], len(self.pool.columns))

    def affordable(self, explained: Positions, others: Positions) -> Self:
        """Return copies whose predictions are few, a draw for each of the other rows.

        Other rows of large groups are left out if no prediction of the rows depends on them.
        """
        rows, draws = np.concatenate([explained, others]), len(others)
        if len(explained) * draws > self.most_draws(rows):
            alone = replace(self, groups=np.arange(len(self.pool)))
            if abs(alone.predict(alone.whole(rows)) - self.predict_rows(rows)).max() <= _SAME:
                return alone
        return self if self.agree(rows) else replace(self, at_once=False)

    def most(self, explained: Positions, others: Positions) -> tuple[int, int]:
        """Return how many rows to explain, and by how many draws, so that copies stay few.

        Draws are left out first, then rows.
        """
        most = self.most_draws(np.concatenate([explained, others]))
        draws = min(len(others), max(most // len(explained), _FEWEST_DRAWS))
        return min(len(explained), max(most // draws, 1)), draws

    def most_draws(self, rows: Positions) -> int:
        """Return how many draws keep copies few, those for all rows explained taken together."""
        size = float(np.bincount(self.groups)[self.groups[rows]].mean())
        size = size if self.at_once else max(size, _CALL)
        return int(self.most_rows / (2 * (self.pool.shape[1] + 1) * size))

    def agree(self, rows: Positions) -> bool:
        """Return whether rows predicted among copies of themselves are predicted as in their frame.

        Not so if the pipeline looks at other rows of a group by code that knows of no calls;
        without groups a row depends on no other. Of large groups some rows are tried.
        """
        if self.task.group is None:
            return True
        step = 1 + len(rows) // (1 + self.most_draws(rows))
        twice = np.tile(rows[::step], 2)
        differences = self.predict(self.whole(twice)) - self.predict_rows(twice)
        return bool(abs(differences).max() <= _SAME)

    def _mixed(self, sources: Positions) -> tuple[pd.DataFrame, Positions]:
        """Return the copies with the other rows of their groups below, and the call of each row."""
        calls, group = np.arange(len(sources)), self.task.group
        if group is not None:
            namers = sources[:, self.pool.columns.get_loc(group.of)]
            mates = {one: self._mates(one) for one in np.unique(namers).tolist()}
            below = [mates[one] for one in namers.tolist()]
            calls = np.concatenate([calls, np.repeat(calls, [*map(len, below)])])
            sources = np.vstack([sources, self.whole(np.concatenate(below))])
        columns = {
            name: self.pool[name].take(taken).array
            for name, taken in zip(self.pool, sources.T, strict=True)
        }
        return pd.DataFrame(columns), calls

    def _mates(self, row: int) -> Positions:
        members = np.flatnonzero(self.groups == self.groups[row])
        return np.asarray(members[members != row])
