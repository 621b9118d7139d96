"""Label of a task: the kind of problem, the values that are predicted and their spellings."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import DataError, expected
from spaceship.task.arrays import Target
from spaceship.task.column_types import Name, Section, Value

PROBABILITY = "probability_"
BOUNDS = ("lower_90", "upper_90")
"""Names of columns beside a predicted label: the first is followed by a class."""


class Problem(StrEnum):
    """The kinds of label that can be predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Label(Section):
    """What is predicted: the keys of a task that describe its label.

    >>> Label(problem="binary", label="left", positive="yes").with_classes(["yes", "no"]).classes
    ('no', 'yes')
    """

    problem: Problem
    label: Name
    positive: Value | None = None  # binary: the value that counts as True
    classes: tuple[Value, ...] = ()  # values of the label, in order; found in the data if not given

    @property
    def is_classification(self) -> bool:
        """Whether the label is a class."""
        return self.problem is not Problem.REGRESSION

    @property
    def label_values(self) -> tuple[str, ...]:
        """Spellings of the classes in order; binary: of False and of True."""
        if self.problem is not Problem.BINARY or not self.classes:
            return self.classes
        [negative] = [one for one in self.classes if one != self.positive] or ["False"]
        return negative, str(self.positive)

    def with_classes(self, found: Sequence[str]) -> Self:
        """Return the task with the classes that a training file holds, unless it names them.

        Raise DataError if a binary label has not two values, or a multiclass one fewer.
        """
        if not self.is_classification or self.classes:
            return self
        values = sorted({*found}, key=_class_order)
        if self.problem is Problem.BINARY:
            values = sorted({*values, str(self.positive)}, key=_class_order)
        few, many = len(values) < 2, self.problem is Problem.BINARY and len(values) > 2  # noqa: PLR2004
        if few or many:
            wanted = "two values" if self.problem is Problem.BINARY else "two or more values"
            shown = ", ".join(map(repr, values[:5])) + (" …" if len(values) > 5 else "")  # noqa: PLR2004
            do = "mend the label's column, or problem and positive in the task's YAML"
            raise DataError(expected(f"{self.label} to have {wanted}", shown or "none", do))
        return self.model_copy(update={"classes": tuple(values)})

    def target(self, frame: pd.DataFrame) -> Target:
        """Return what an estimator learns, `(n_rows,)`, from the label of typed rows.

        Booleans of a binary label, the class's number of a multiclass one, else numbers.
        """
        column = frame[self.label]
        if self.problem is Problem.MULTICLASS:
            return (
                pd.Index(self.classes, dtype="str").get_indexer(pd.Index(column)).astype(np.int64)
            )
        values: Target = column.to_numpy()
        return values

    def spelt(self, predicted: npt.ArrayLike) -> Target:
        """Return predictions of an estimator in the label's own values, `(n_rows,)`."""
        values = np.asarray(predicted)
        if not self.is_classification:
            return values.astype(float)
        if self.label_values in {(), ("False", "True")}:
            return values.astype(bool)
        spellings = np.asarray(self.label_values, dtype=object)
        return np.take(spellings, values.astype(int))


def _class_order(value: str) -> tuple[int, float, str]:
    """Return the key that sorts classes: numbers by size, then texts."""
    try:
        return 0, float(value), value
    except ValueError:
        return 1, 0.0, value
