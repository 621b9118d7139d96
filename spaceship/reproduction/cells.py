"""Cells of two tables: the first one that differs, and by how much."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spaceship.task.arrays import Values

_TINY = 1e-6
"""Probabilities below it are compared by their absolute difference: 1 - p has no more digits."""


@dataclass(frozen=True)
class Cell:
    """The first cell that differs, as texts with every digit; None: that table has no such row."""

    row: str  # id
    column: str
    recorded: str | None
    again: str | None
    distance: int | None  # in units in the last place, of two floats
    rows: int  # that differ
    largest: float  # relative difference of two numbers in all cells; infinite of other values


def first_cell(recorded: pd.DataFrame, again: pd.DataFrame) -> Cell | None:
    """Return the first cell that differs in tables with an index of ids; None: none does.

    The order of the rows does not count; missing values are equal.

    >>> one = pd.DataFrame({"fee": [1.0, 2.0]}, index=["a", "b"])
    >>> cell = first_cell(one, one.assign(fee=[1.0, 2.0000000000000004]))
    >>> cell.row, cell.column, cell.again, cell.distance, cell.rows
    ('b', 'fee', '2.0000000000000004', 1, 1)
    """
    ids = recorded.index.union(again.index, sort=False).unique()
    columns = recorded.columns.union(again.columns, sort=False)
    one, other = (_whole(table, ids, columns) for table in (recorded, again))
    alone = ~(ids.isin(recorded.index) & ids.isin(again.index))
    unequal = ((one != other) & ~(one.isna() & other.isna())).to_numpy() | alone[:, None]
    rows = np.flatnonzero(unequal.any(axis=1))
    if not len(rows):
        return None
    at = int(rows[0]), int(unequal[rows[0]].argmax())
    values = [side.iloc[at] for side in (one, other)]
    missing = [ids[at[0]] not in table.index for table in (recorded, again)]
    texts = [None if gone else text_of(v) for v, gone in zip(values, missing, strict=True)]
    far = _relative(one.to_numpy()[unequal], other.to_numpy()[unequal])
    row, column = str(ids[at[0]]), str(columns[at[1]])
    return Cell(row, column, texts[0], texts[1], distance(*values), len(rows), far)


def distance(one: object, other: object) -> int | None:
    """Return how many floats lie between two, plus 1; None of other values.

    >>> distance(1.0, float(np.nextafter(1.0, 2.0))), distance(-0.0, 0.0), distance("a", 1.0)
    (1, 0, None)
    """
    if not (isinstance(one, float) and isinstance(other, float)):
        return None
    if np.isnan(one) or np.isnan(other):
        return None
    bits = [int(np.float64(value).view(np.int64)) for value in (one, other)]
    first, second = (value if value >= 0 else -(2**63) - value for value in bits)
    return abs(first - second)


def text_of(value: object) -> str:
    """Return a value as text with every digit.

    >>> text_of(np.float64(0.1)), text_of(pd.NA), text_of(pd.Timestamp("2026-01-02 03:00"))
    ('0.1', 'missing', '2026-01-02T03:00:00')
    """
    if pd.Series([value]).isna().all():
        return "missing"
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return repr(float(value)) if isinstance(value, float) else str(value)


def _whole(table: pd.DataFrame, ids: pd.Index, columns: pd.Index) -> pd.DataFrame:
    """Return a table as objects, with all rows and columns; None: missing."""
    found = table[~table.index.duplicated()].astype(object)
    return found.where(found.notna(), None).reindex(index=ids, columns=columns)


def _relative(one: Values, other: Values) -> float:
    """Return the largest relative difference of numbers; infinite if one is none."""
    if not all(isinstance(value, float) for value in (*one, *other)):
        return float("inf")
    mine, theirs = one.astype(float), other.astype(float)
    larger = np.maximum(np.maximum(abs(mine), abs(theirs)), _TINY)
    return float(np.nan_to_num(abs(mine - theirs) / larger, nan=np.inf).max())
