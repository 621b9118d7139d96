"""Feature set `table`: the default for any task, whatever the types of its columns."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spaceship.errors import ConfigError, expected
from spaceship.features import _missing, _target_encoding, _text
from spaceship.features._association import size_goes_with
from spaceship.features._base import TaskFeatures, plain_columns
from spaceship.features._names import safe_names
from spaceship.features._times import time_columns
from spaceship.task.arrays import Floats
from spaceship.task.column_types import Column, Kind
from spaceship.task.feature_set import State, as_frame
from spaceship.task.raw_frame import typed
from spaceship.task.task import GROUP_SIZE, Task

Named = list[tuple[str, object]]

_ROWS_PER_LEVEL = 50  # mean of a category that stays one and is encoded beside; fewer are noise
_MOST_LEVELS = 254  # of a category that scikit-learn's histogram gradient boosting takes


class TableFeatures(TaskFeatures):
    """Make columns of numbers, categories, dates and texts; learn from labels out-of-fold.

    - numbers, booleans and categories of few levels as they are; constant ones are left out;
    - categories of several levels also as the mean label of each level; those of many levels only
      so, with the number of its training rows;
    - dates as parts and days elapsed; days between two dates of a row;
    - texts as components of their n-grams, length and number of words;
    - the number of a group's rows, and flags of missing values, if they have to do with the label.

    `fit_transform` gives training rows mean labels learnt from other groups: it is not `fit` and
    `transform`. Without labels there are no mean labels and no flags.

    >>> churn = {"problem": "binary", "label": "left", "positive": "yes"}
    >>> churn |= {"columns": {"plan": "category", "since": "date"}}
    >>> rows = pd.DataFrame({"plan": ["a", "b"], "since": ["2024-01-07", "2024-03-01"]})
    >>> TableFeatures(churn).fit_transform(rows, [True, False]).columns.tolist()
    ['plan', 'since_month', 'since_day', 'since_weekday', 'since_days']
    """

    def __init__(  # noqa: PLR0913
        self,
        task: Mapping[str, object],
        *,
        max_levels: int = 30,
        encoded_levels: int = 5,
        smoothing: float | None = None,
        text_components: int = 20,
        largest_group: int = 50,
    ) -> None:
        """Keep the task and the limits, which `fit` checks; configs/features/table.yaml has them.

        `smoothing` is the number of rows that the mean of all labels counts for in that of a level,
        None for what the variance of the labels within and between levels suggests.
        """
        super().__init__(task)
        self.max_levels = max_levels
        self.encoded_levels = encoded_levels
        self.smoothing = smoothing
        self.text_components = text_components
        self.largest_group = largest_group

    @property
    def meaning(self) -> Task:
        """The task as far as a row to predict needs it: its id and time only if they are features.

        A row without a group is then told apart by its contents.
        """
        task = super().meaning
        apart = {"id": task.id, "time": task.time}
        group = None if task.group is None else task.group.of
        left = {key: None for key, name in apart.items() if name not in {*task.columns, group}}
        return task.model_copy(update=left)

    @property
    def columns(self) -> Mapping[str, Column]:  # type: ignore[override]
        """The columns to learn from, those that parts are cut out of, and the group's."""
        return self.meaning.raw

    def fit_transform(self, X: pd.DataFrame, y: object = None, **_: object) -> pd.DataFrame:
        """Learn from training rows and return their columns, the mean labels out-of-fold."""
        frame = typed(X, self.columns)
        self.fit(frame, y)
        means = self._out_of_fold(frame, y)
        return as_frame(self._columns(frame, self.state_, means), frame.index)

    def _learn(self, frame: pd.DataFrame, y: object) -> State:
        self._check()
        task, plain = self.meaning, plain_columns(frame, self.meaning)
        labels, classes = self._labels(y)
        plain = {name: one for name, one in plain.items() if _varies(one)}
        levels = {name: _n_levels(one) for name, one in plain.items()}
        texts = [name for name, one in task.features.items() if one.type.kind is Kind.TEXT]
        return {
            "plain": [name for name in plain if levels[name] <= self.max_levels],
            "encoded": {
                name: _target_encoding.learn(one, labels, self.smoothing)
                for name, one in plain.items()
                if self._is_encoded(levels[name], int(one.count()))
            },
            "classes": classes,
            "times": [name for name, one in time_columns(frame, task.features) if _varies(one)],
            "texts": {
                name: _text.learn(frame[name], self.text_components)
                for name in texts
                if _varies(frame[name])
            },
            "group_size": task.group is not None and self._sizes_matter(frame, labels),
            "flags": _missing.flagged(_with_gaps(frame, task, plain), labels),
        }

    def _is_encoded(self, n_levels: int, n_rows: int) -> bool:
        """Return whether a category with so many rows gets the mean label of each level."""
        if n_levels > self.max_levels:
            return n_levels < n_rows  # else no level has two rows
        return n_levels >= self.encoded_levels and n_rows >= _ROWS_PER_LEVEL * n_levels

    def _labels(self, y: object) -> tuple[Floats | None, list[str]]:
        return (None, []) if y is None else _target_encoding.label_columns(y, self.meaning.problem)

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        return self._columns(frame, state, {})

    def _columns(
        self, frame: pd.DataFrame, state: State, out_of_fold: Mapping[str, Floats]
    ) -> dict[str, object]:
        """Return the columns; mean labels out-of-fold, given by category, replace those learnt."""
        task, plain = self.meaning, plain_columns(frame, self.meaning)
        sizes = task.group_sizes(frame).to_numpy(np.float64) if state["group_size"] else None
        made: Named = [(name, plain[name]) for name in state["plain"]]
        ends = [f"target_{one}" for one in state["classes"]] or ["target"]
        for name, learnt in state["encoded"].items():
            means, seen = _target_encoding.encode(plain[name], learnt)
            means = out_of_fold.get(name, means)
            made += [(f"{name}_{end}", one) for end, one in zip(ends, means.T, strict=False)]
            made += [] if name in state["plain"] else [(f"{name}_count", seen)]
        made += [pair for pair in time_columns(frame, task.features) if pair[0] in state["times"]]
        for name, learnt in state["texts"].items():
            made += [(f"{name}_{end}", one) for end, one in _text.encode(frame[name], learnt)]
        made += [] if sizes is None else [(GROUP_SIZE, sizes)]
        gaps = _with_gaps(frame, task, plain)
        made += [(f"{name}_missing", gaps[name].isna()) for name in state["flags"]]
        made = made or [("constant", np.zeros(len(frame)))]  # estimators want a column
        names = safe_names(name for name, _ in made)
        return dict(zip(names, (values for _, values in made), strict=True))

    def _out_of_fold(self, frame: pd.DataFrame, y: object) -> dict[str, Floats]:
        """Return mean labels of training rows, each fold's learnt from the others.

        No row's column depends on the labels of its own group, else an estimator would trust the
        column more than it deserves.
        """
        labels, _ = self._labels(y)
        if labels is None or not self.state_["encoded"]:
            return {}
        folds = _target_encoding.fold_numbers(self.meaning.group_names(frame))
        plain = plain_columns(frame, self.meaning)
        return {
            name: _target_encoding.encode_out_of_fold(plain[name], labels, folds, self.smoothing)
            for name in self.state_["encoded"]
        }

    def _sizes_matter(self, frame: pd.DataFrame, labels: Floats | None) -> bool:
        """Return whether groups are small, and their sizes have to do with the labels, if known."""
        groups = self.meaning.group_names(frame)
        largest = groups.value_counts().max() if len(groups) else 0
        if not 1 < largest <= self.largest_group:
            return False
        return labels is None or size_goes_with(groups, labels)

    def _check(self) -> None:
        if not 1 < self.max_levels <= _MOST_LEVELS:
            wanted = f"features.max_levels from 2 to {_MOST_LEVELS}"
            raise ConfigError(expected(wanted, self.max_levels, "set features.max_levels=30"))
        if self.smoothing is not None and not self.smoothing > 0:
            wanted = "features.smoothing above 0, or null"
            raise ConfigError(expected(wanted, self.smoothing, "set features.smoothing=null"))


def _varies(column: pd.Series) -> bool:
    """Return whether a column has two values, a missing one counted."""
    if not len(column) or column.isna().any():
        return bool(len(column)) and not bool(column.isna().all())
    return bool((column != column.iloc[0]).any())


def _n_levels(column: pd.Series) -> int:
    """Return the number of levels of a category, 0 of another column."""
    return int(column.nunique()) if isinstance(column.dtype, pd.StringDtype) else 0


def _with_gaps(
    frame: pd.DataFrame, task: Task, plain: Mapping[str, pd.Series]
) -> dict[str, pd.Series]:
    """Return all columns that may have gaps: the features as they are, and parts of texts."""
    return {**{name: frame[name] for name in task.features}, **plain}
