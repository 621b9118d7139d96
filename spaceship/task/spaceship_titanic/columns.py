"""The raw columns of a passenger and their types: all that a fitted pipeline knows of the schema.

The readers of single columns never raise: what cannot be read is missing in what they return, and
`read` tells it from what was missing before.
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NoReturn

import numpy as np
import pandas as pd

from spaceship.errors import DataError

ID = "PassengerId"
LABEL = "Transported"
SPENDS = ("RoomService", "FoodCourt", "ShoppingMall", "Spa", "VRDeck")
COLUMNS = (
    ID,
    "HomePlanet",
    "CryoSleep",
    "Cabin",
    "Destination",
    "Age",
    "VIP",
    *SPENDS,
    "Name",
)
NUMBERS = ("Age", *SPENDS)
BOOLEANS = ("CryoSleep", "VIP")

_TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_SHOWN = 3


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the known columns of any raw frame in their types, index kept.

    Takes what CSV, JSON, Parquet or Python may hold: text or native values, `None`, `NaN` or an
    empty text for a missing one. A frame that is typed already passes through untouched. The label
    is kept if it is there, as plain booleans unless some are missing.

    Raises:
        DataError: A raw column is missing or there twice, or a value is not of its column's type.

    """
    if twice := sorted({*frame.columns[frame.columns.duplicated()]} & {*COLUMNS, LABEL}):
        msg = f"expected each raw column once; found twice: {', '.join(twice)}"
        raise DataError(msg)
    if absent := [name for name in COLUMNS if name not in frame.columns]:
        msg = f"expected the {len(COLUMNS)} raw columns; {missing_columns(absent, frame.columns)}"
        raise DataError(msg)
    names = [*COLUMNS, LABEL] if LABEL in frame.columns else [*COLUMNS]
    columns = {name: _typed_column(frame[name]) for name in names}
    return pd.DataFrame(columns, index=frame.index)


def missing_columns(absent: Iterable[str], present: Iterable[object]) -> str:
    """Say which columns are missing, each with the column that may be meant by it."""
    spare = [str(name) for name in present if name not in {*COLUMNS, LABEL}]
    return "missing: " + ", ".join(f"{name}{closest(name, spare)}" for name in absent)


def closest(name: str, choices: Iterable[str]) -> str:
    """Return a hint naming the choice nearest to a name, or nothing."""
    plain = {re.sub(r"\W|_", "", choice.lower()): choice for choice in choices}
    near = get_close_matches(name.lower(), plain, n=1, cutoff=0.7)
    return f" (is '{plain[near[0]]}' meant?)" if near else ""


def to_text(column: pd.Series) -> pd.Series:
    """Return a column as text; missing and empty values are NaN."""
    text = column if column.dtype == "str" else column.astype("str")
    empty = (text == "").to_numpy()
    return text.mask(empty) if empty.any() else text


def to_number(column: pd.Series) -> pd.Series:
    """Return a column as float64; what is no number is NaN."""
    if column.dtype == np.float64:
        return column
    if not pd.api.types.is_numeric_dtype(column.dtype):
        column = pd.to_numeric(column, errors="coerce")
    return pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index)


def to_boolean(column: pd.Series) -> pd.Series:
    """Return a column as nullable boolean; what is neither true nor false is missing.

    True and false may be booleans, the numbers 1 and 0, or either of them as text in any case.
    """
    if column.dtype == "boolean":
        return column
    if column.dtype == np.bool_:
        return column.astype("boolean")
    codes, values = pd.factorize(column)  # a handful of spellings, however many rows
    spellings = pd.Series(values, dtype=object).astype("str").str.strip().str.lower()
    truths = spellings.map(_TRUTHS).astype("boolean").array
    return pd.Series(truths.take(codes, allow_fill=True), column.index, name=column.name)


def read(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column in the type of its name, and marks on the values that are not of that type.

    A value marked is missing in the typed column; one that was missing before is not marked.
    """
    converted = _converter(str(column.name))(column)
    if converted is column or not converted.hasnans:
        return converted, pd.Series(data=False, index=column.index)
    return converted, converted.isna() & to_text(column).notna()


def _converter(name: str) -> Callable[[pd.Series], pd.Series]:
    if name in NUMBERS:
        return to_number
    return to_boolean if name in {*BOOLEANS, LABEL} else to_text


def _typed_column(column: pd.Series) -> pd.Series:
    converted, unreadable = read(column)
    if unreadable.any():
        _refuse(column[unreadable])
    whole_label = column.name == LABEL and not converted.hasnans
    return converted.astype(np.bool_) if whole_label else converted


def _refuse(values: pd.Series) -> NoReturn:
    """Raise for values that their column cannot hold."""
    kind = "a number" if values.name in NUMBERS else "true or false"
    found = ", ".join(repr(value) for value in values.head(_SHOWN))
    msg = f"expected {values.name} to be {kind}, or missing; found {len(values)} others: {found}"
    raise DataError(msg)
