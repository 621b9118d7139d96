"""Rows after the steps before an estimator, in the cheapest form that the estimator takes."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import pandas as pd

from spaceship.model.coded import Coded
from spaceship.model.encoding import CategoryEncoder
from spaceship.task.arrays import Estimator
from spaceship.task.column_types import Column
from spaceship.task.feature_set import FeatureSet, as_frame
from spaceship.task.typed_rows import TypedRows

Rows = pd.DataFrame | TypedRows


class Prepared:
    """Rows after fitted steps; each form is made once, for all estimators that take it.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> steps = [step for _, step in fitted.steps[:-1]]
    >>> Prepared(steps, people.test).input_of(fitted[-1]).equals(fitted[:-1].transform(people.test))
    True
    """

    def __init__(self, steps: Sequence[Estimator], rows: Rows) -> None:
        self._steps, self._rows = steps, rows

    def input_of(self, estimator: object) -> object:
        """Return `Coded` features to an estimator with `takes_coded`, or a frame."""
        match self._steps:
            case [FeatureSet(), CategoryEncoder()] if getattr(estimator, "takes_coded", False):
                return self._coded
        return self._frame

    @cached_property
    def _columns(self) -> Mapping[str, object]:
        """What the feature set makes of the rows."""
        made: Mapping[str, object] = self._steps[0].build(self._rows)
        return made

    @cached_property
    def _coded(self) -> Coded:
        made: Coded = self._steps[1].coded(self._columns)
        return made

    @cached_property
    def _frame(self) -> object:
        made, steps, rows = self._rows, self._steps, self._rows
        if steps and isinstance(steps[0], FeatureSet):
            index = pd.RangeIndex(len(rows)) if isinstance(rows, TypedRows) else rows.index
            made, steps = as_frame(self._columns, index), steps[1:]
        for step in steps:
            made = step.transform(made)
        return made


def columns_read(first: object) -> Mapping[str, Column] | None:
    """Return the columns of which `TypedRows` do for a first step; None if only a frame does.

    >>> columns_read(pipeline[0]) is None  # raw columns are those of a frame
    True
    """
    if isinstance(first, FeatureSet):
        return first.columns if first.takes_rows else None
    return getattr(first, "reads", None)
