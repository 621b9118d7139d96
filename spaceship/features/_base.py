"""Base of the feature sets that serve any task: the task comes along as plain values."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spaceship.task.column_types import Column, Kind
from spaceship.task.feature_set import FeatureSet
from spaceship.task.task import HUGE, Task

_PLAIN = {Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN}


class TaskFeatures(FeatureSet):
    """A feature set whose columns are those of a task.

    A fitted set carries the task, so that a served model needs no YAML.
    """

    task: Mapping[str, object] | None = None  # models of earlier releases carry none

    def __init__(self, task: Mapping[str, object] | None = None) -> None:
        """Keep the task as `Task.to_plain` describes it; None is the built-in one."""
        self.task = task

    @property
    def meaning(self) -> Task:
        """The task, typed."""
        from spaceship.task.spaceship_titanic.columns import TASK

        return TASK if self.task is None else Task.read(self.task)

    @property
    def columns(self) -> Mapping[str, Column]:  # type: ignore[override]
        """The columns to learn from and those that parts are cut out of."""
        task = self.meaning
        needed = {*task.features, *(part.of for part in task.parts.values())}
        return {name: column for name, column in task.raw.items() if name in needed}


def plain_columns(frame: pd.DataFrame, task: Task) -> dict[str, pd.Series]:
    """Return numbers, categories and booleans in their types, and the parts of texts."""
    names = [name for name, column in task.features.items() if column.type.kind in _PLAIN]
    columns = {name: frame[name] for name in names}
    columns |= {name: task.part(frame, name) for name in task.parts}
    return {name: _finite(column) for name, column in columns.items()}


def _finite(column: pd.Series) -> pd.Series:
    """Return numbers that every estimator takes: infinite ones are missing, huge ones are less."""
    if column.dtype != np.float64:
        return column
    values = column.to_numpy()
    made = np.where(np.isfinite(values), values.clip(-HUGE, HUGE), np.nan)
    return pd.Series(made, column.index, name=column.name)
