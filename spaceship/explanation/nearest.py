"""Nearest labelled rows of a row, by a distance over raw columns that anyone can check by hand."""

import numpy as np
import pandas as pd

from spaceship.features._base import plain_columns
from spaceship.task.arrays import Floats
from spaceship.task.column_types import Kind
from spaceship.task.task import Task

DISTANCE = (
    "mean over the columns: 0 for the same value, 1 for another category or a missing value, "
    "between two numbers or dates the share of labelled rows from one to the other"
)
"""The distance in words; it is Gower's, with ranks of numbers in place of their range."""


def distances(row: pd.DataFrame, labelled: pd.DataFrame, task: Task) -> Floats:
    """Return the distance of each labelled row from a frame's only row, 0 to 1; both are typed.

    Texts count by the parts that the task cuts out of them.

    >>> plain = {"problem": "regression", "label": "rent", "columns": {"size": "number"}}
    >>> flats = pd.DataFrame({"size": [20.0, 30.0, 30.0, 90.0]})
    >>> distances(flats.head(1), flats, Task.read(plain)).tolist()
    [0.0, 0.375, 0.375, 0.75]
    """
    frame = pd.concat([row[[*task.raw]], labelled[[*task.raw]]], ignore_index=True)
    columns = plain_columns(frame, task)
    times = [name for name, one in task.features.items() if one.type.kind is Kind.TIME]
    columns |= {name: frame[name].astype("int64").where(frame[name].notna()) for name in times}
    apart = [_apart(column) for column in columns.values()]
    return np.asarray(np.mean(apart, axis=0)) if apart else np.zeros(len(labelled))


def _apart(column: pd.Series) -> Floats:
    """Return how far all values but the first are from the first one."""
    if not pd.api.types.is_float_dtype(column):
        codes = pd.factorize(column)[0]
        return np.asarray(codes[1:] != codes[0], dtype=float)
    values = column.to_numpy(dtype=float)
    known = np.sort(values[1:][~np.isnan(values[1:])])
    below, upto = (np.searchsorted(known, values, side) for side in ("left", "right"))
    ranks = np.where(np.isnan(values), np.nan, (below + upto) / 2 / max(len(known), 1))
    gaps = abs(ranks[1:] - ranks[0])
    gaps[np.isnan(gaps)] = 1.0
    gaps[np.isnan(ranks[1:]) & np.isnan(ranks[0])] = 0.0
    return np.asarray(gaps)
