"""Labels of a data set, losses of the best constant prediction, and errors of means by group."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.task.arrays import Floats, Target, Values
from spaceship.task.label import Problem
from spaceship.task.task import Task


@dataclass(frozen=True)
class Labels:
    """The label of every labelled row of a data set: files of predictions carry none.

    >>> len(Labels.of(task, people.train).target) == len(people.train)
    True
    """

    target: pd.Series  # by id, named like the label: booleans, numbers of classes, or numbers
    classes: tuple[str, ...] = ()  # multiclass: the value of each class

    @classmethod
    def of(cls, task: Task, frame: pd.DataFrame) -> Self:
        """Return the labels of typed rows."""
        names = pd.Index(task.names(frame))
        classes = task.classes if task.problem is Problem.MULTICLASS else ()
        return cls(pd.Series(task.target(frame), names, name=task.label), classes)


def constant_losses(target: Target) -> Floats:
    """Return the losses of the best constant prediction: the commonest class, or the mean.

    >>> constant_losses(np.array([True, True, False])).tolist()
    [0.0, 0.0, 1.0]
    """
    if target.dtype.kind == "f":
        return np.asarray((target - target.mean()) ** 2)
    values, counts = np.unique(target, return_counts=True)
    return np.asarray(target != values[counts.argmax()], float)


def standard_error(values: npt.ArrayLike, groups: Values) -> float:
    """Return the standard error of the mean of values around zero; a group counts as one draw.

    >>> standard_error([1.0, -1.0, 1.0, -1.0], np.array(["a", "b", "c", "d"]))
    0.5
    """
    sums = pd.Series(np.asarray(values, float)).groupby(groups).sum()
    return math.sqrt(float((sums**2).sum())) / len(groups)
