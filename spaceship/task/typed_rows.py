"""Typed rows as arrays by column: what rules and features read, without a frame's cost a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from spaceship.task.arrays import Floats, Ints
from spaceship.task.calls import numbers_of_calls
from spaceship.task.column_types import Column, Kind
from spaceship.task.texts import Array, Texts, as_arrow, stripped

_TYPES: Mapping[Kind, set[type]] = {
    Kind.NUMBER: {float, int, type(None)},
    Kind.BOOLEAN: {bool, type(None)},
    Kind.CATEGORY: {str, type(None)},
    Kind.TEXT: {str, type(None)},
    Kind.TIME: set(),
}
"""Types of the JSON values that a column is read from as they are."""


@dataclass(frozen=True)
class TypedRows:
    """Rows whose numbers and truths are float64, whose texts are Arrow's, missing where they are.

    >>> rows = TypedRows.of(pd.DataFrame({"age": [7.0, None], "town": ["Ulm", None]}))
    >>> rows["age"].tolist(), rows["town"].to_pylist(), len(rows)
    ([7.0, nan], ['Ulm', None], 2)
    """

    columns: Mapping[str, Array]
    calls: Ints | None = None  # number of each row's call; None if all rows are of one

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Return the rows of a typed frame."""
        columns = {str(name): array_of(column) for name, column in frame.items()}
        return cls(columns, numbers_of_calls(frame.index))

    @classmethod
    def read(cls, values: Mapping[str, list[object]], columns: Mapping[str, Column]) -> Self | None:
        """Return rows given as lists of JSON values by column, typed as `typed` types a frame.

        None without rows, or if a column is absent or a value takes more than a look at its type,
        such as a number among texts: `typed` then reads it, or says what is wrong.

        >>> plan = {"age": Column(type="number"), "town": Column(type="category")}
        >>> TypedRows.read({"town": [" Ulm"], "age": [7]}, plan)["town"].to_pylist()
        ['Ulm']
        >>> TypedRows.read({"town": ["Ulm"], "age": ["7"]}, plan) is None
        True
        """
        made = {}
        for name, column in columns.items():
            kind, given = column.type.kind, values.get(name)
            if not given or column.missing or not {*map(type, given)} <= _TYPES[kind]:
                return None
            try:
                if kind in {Kind.CATEGORY, Kind.TEXT}:
                    made[name] = stripped(pa.array(given, pa.large_string()))
                else:
                    made[name] = np.array(given, dtype=np.float64)
            except (OverflowError, UnicodeEncodeError):  # a huge number, half a sign
                return None
        return cls(made)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, name: str) -> bool:
        """Return whether there is a column of this name."""
        return name in self.columns

    def __getitem__(self, name: str) -> Array:
        """Return a column."""
        return self.columns[name]


def values_of(column: pd.Series) -> Texts | Floats:
    """Return a typed column as texts or numbers.

    >>> values_of(pd.Series([True, None], dtype="boolean"))
    array([ 1., nan])
    """
    return texts_or_numbers(array_of(column))


def texts_or_numbers(array: Array) -> Texts | Floats:
    """Return an array with its texts as codes into levels.

    >>> texts_or_numbers(pa.array(["Ulm"]))
    Texts(codes=array([0], dtype=int32), levels=['Ulm'])
    """
    return array if isinstance(array, np.ndarray) else Texts.of(array)


def array_of(column: pd.Series) -> Array:
    """Return a typed column as an array: texts as Arrow's, truths as numbers.

    >>> array_of(pd.Series([True, None], dtype="boolean"))
    array([ 1., nan])
    """
    if column.dtype == np.float64 or column.dtype.kind == "M":
        return column.to_numpy()
    if isinstance(column.dtype, pd.StringDtype):
        return as_arrow(column)
    return column.to_numpy(np.float64, na_value=np.nan)
