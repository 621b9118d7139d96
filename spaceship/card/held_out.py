"""Part of a card that needs the hold-out: scores, charts, worst rows, importance of columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from spaceship.card.card import Charts, ColumnImportance, Score, WorstRow
from spaceship.card.curves import charts
from spaceship.card.intervals import scores
from spaceship.card.worst import worst_rows
from spaceship.data._base import Dataset
from spaceship.evaluation.report import Report
from spaceship.task.task import Task

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_SHOWN_ROWS, _DRAWS = 40, 16  # rows whose Shapley values are averaged, orders of columns for each
_FEWEST_ROWS, _MOST_ROWS = 500, 4000  # that columns are dealt out in
_PREDICTED = 200_000  # rows at most, with those of each column counted
_REPEATS, _WIDE = 2, 100  # repeats of it, once in tables of so many columns


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What the hold-out shows of a candidate; a card has it once the verdict may be told."""

    scores: Sequence[Score]
    charts: Charts
    worst: Sequence[WorstRow]
    importances: Sequence[ColumnImportance]  # empty without the twin

    @classmethod
    def of(cls, report: Report, data: Dataset | None, twin: "Pipeline | None") -> Self | None:
        """Return what a report's hold-out shows, None if the data in use are not those of the run.

        >>> HeldOut.of(report(80, 100), None, None)
        """
        rows = report.holdout
        if rows is None or data is None or report.data_digest != data.digest:
            return None
        task, frame = data.task, data.train
        return cls(
            [*scores(report, task.problem)],
            charts(rows, task),
            [*worst_rows(rows, frame, task)],
            [*_importances(twin, report, frame, task)],
        )


def _importances(
    twin: "Pipeline | None", report: Report, frame: pd.DataFrame, task: Task
) -> Iterator[ColumnImportance]:
    """Yield the importance of each raw column on the twin's hold-out, the most important first."""
    if twin is None or report.protocol is None:
        return
    from spaceship.explanation.contributions import contributions
    from spaceship.explanation.importance import importances

    n_columns = len(task.model_columns)
    repeats = _REPEATS if n_columns < _WIDE else 1
    most = min(_MOST_ROWS, max(_PREDICTED // (repeats * n_columns), _FEWEST_ROWS))
    training, held = (_some(part, task, most) for part in report.protocol.split(frame, task))
    shown = np.random.default_rng(0).permutation(len(held))[:_SHOWN_ROWS]
    pushed = contributions(twin, held, training, task, at=shown.tolist(), draws=_DRAWS)
    sizes = np.abs(pushed.values).sum(axis=2) / min(2, pushed.values.shape[2])
    pushes = dict(zip(pushed.columns, sizes.mean(axis=0).tolist(), strict=True))
    for one in importances(twin, held, task, repeats=repeats):
        yield ColumnImportance(one.column, one.loss, one.error, pushes.get(one.column))


def _some(frame: pd.DataFrame, task: Task, most: int) -> pd.DataFrame:
    """Return rows of whole groups, drawn at random where there are too many."""
    groups = pd.factorize(task.group_names(frame))[0]
    order = np.random.default_rng(0).permutation(groups.max() + 1)
    enough = np.bincount(groups)[order].cumsum() <= most
    enough[:1] = True
    return frame if enough.all() else frame[np.isin(groups, order[enough])]
