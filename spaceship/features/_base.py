"""Base of the feature sets that serve any task: the task comes along as plain values."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from spaceship.task.feature_set import FeatureSet
from spaceship.task.task import Column, ColumnType, Task

_PLAIN = {ColumnType.NUMBER, ColumnType.CATEGORY, ColumnType.BOOLEAN}


class TaskFeatures(FeatureSet):
    """A feature set whose columns are those of a task.

    A fitted set carries the task, so that a served model needs no YAML.
    """

    def __init__(self, task: Mapping[str, Any] | None = None) -> None:
        """Keep the task as `Task.to_plain` describes it; None is the built-in one."""
        self.task = task

    @property
    def meaning(self) -> Task:
        """The task, typed; models of earlier releases carry none, being of the built-in one."""
        from spaceship.task.spaceship_titanic.columns import TASK

        plain = getattr(self, "task", None)
        return TASK if plain is None else Task.read(plain)

    @property
    def columns(self) -> Mapping[str, Column]:  # type: ignore[override]
        """The columns to learn from and those that parts are cut out of."""
        task = self.meaning
        needed = {*task.features, *(part.of for part in task.parts.values())}
        return {name: column for name, column in task.raw.items() if name in needed}


def plain_columns(frame: pd.DataFrame, task: Task) -> dict[str, pd.Series]:
    """Return numbers, categories and booleans as they are, and the parts of texts."""
    names = [name for name, column in task.features.items() if column.type in _PLAIN]
    parts = {name: task.part(frame, name) for name in task.parts}
    return {name: frame[name] for name in names} | parts
