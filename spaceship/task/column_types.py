"""Types of raw columns: text, numbers and booleans, from whatever a file or a request may hold.

The readers of single columns never raise: a value that cannot be read is missing in the result.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
import pandas as pd

from spaceship.errors import DataError
from spaceship.task.spaceship_titanic.columns import BOOLEANS, COLUMNS, LABEL, NUMBERS

_TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_SHOWN = 3


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the known columns of any raw frame in their types, index kept.

    Takes what CSV, JSON, Parquet or Python may hold: text or native values, `None`, `NaN` or an
    empty text for a missing one. A frame that is typed already passes through untouched. The label
    is kept if it is there, as plain booleans unless some are missing. Raise DataError if a raw
    column is missing or there twice, or a value is not of its column's type.

    >>> str(typed(people.test.astype(object)).dtypes["Age"])
    'float64'
    """
    names = [*COLUMNS, LABEL] if LABEL in frame.columns else [*COLUMNS]
    if faults := header_faults(frame.columns, names):
        raise DataError("; ".join(faults))
    columns = {name: _typed_column(frame[name]) for name in names}
    return pd.DataFrame(columns, index=frame.index)


def header_faults(present: pd.Index, wanted: list[str]) -> list[str]:
    """Return what is wrong with the names of columns: any missing (meant by others?) or repeated.

    >>> header_faults(pd.Index(["age", "Name"]), ["Age", "Name"])
    ["expected 2 columns, missing: Age (is 'age' meant?)"]
    """
    faults, spare = [], [str(name) for name in present if name not in {*COLUMNS, LABEL}]
    if absent := [f"{name}{closest(name, spare)}" for name in wanted if name not in present]:
        faults.append(f"expected {len(wanted)} columns, missing: {', '.join(absent)}")
    if twice := sorted({*present[present.duplicated()]} & {*wanted}):
        faults.append(f"expected each column once, found more than once: {', '.join(twice)}")
    return faults


def closest(name: str, choices: Iterable[str]) -> str:
    """Return a hint with the choice nearest to a name, or nothing.

    >>> closest("room_service", ["RoomService", "Spa"])
    " (is 'RoomService' meant?)"
    """
    plain = {re.sub(r"\W|_", "", choice.lower()): choice for choice in choices}
    near = get_close_matches(name.lower(), plain, n=1, cutoff=0.7)
    return f" (is '{plain[near[0]]}' meant?)" if near else ""


def kind_of(name: str) -> str:
    """Return the type of a column's values in words, of a text an empty one.

    >>> kind_of("Age"), kind_of("VIP")
    ('a number', 'true or false')
    """
    if name in NUMBERS:
        return "a number"
    return "true or false" if name in {*BOOLEANS, LABEL} else ""


def read(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column in the type of its name, and True where a value is not of that type.

    Such a value is missing in the typed column; one that was missing before is not marked.

    >>> values, unreadable = read(pd.Series(["7", "old", None], name="Age"))
    >>> values.tolist(), unreadable.tolist()
    ([7.0, nan, nan], [False, True, False])
    """
    reader = {"a number": _to_number, "true or false": to_boolean}
    converted = reader.get(kind_of(str(column.name)), _to_text)(column)
    if converted is column or not converted.hasnans:
        return converted, pd.Series(data=False, index=column.index)
    return converted, converted.isna() & _to_text(column).notna()


def _to_text(column: pd.Series) -> pd.Series:
    """Return a column as text; missing and empty values are NaN."""
    text = column if column.dtype == "str" else column.astype("str")
    empty = (text == "").to_numpy()
    return text.mask(empty) if empty.any() else text


def _to_number(column: pd.Series) -> pd.Series:
    """Return a column as float64; a value that is no number is NaN."""
    if column.dtype == np.float64:
        return column
    if not pd.api.types.is_numeric_dtype(column.dtype):
        column = pd.to_numeric(column, errors="coerce")
    return pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index)


def to_boolean(column: pd.Series) -> pd.Series:
    """Return a column as nullable boolean; a value that is neither true nor false is missing.

    Booleans, the numbers 1 and 0 and either of them as text in any case are read.

    >>> to_boolean(pd.Series(["TRUE", 0, "maybe"])).tolist()
    [True, False, <NA>]
    """
    if column.dtype == "boolean":
        return column
    if column.dtype == np.bool_:
        return column.astype("boolean")
    codes, values = pd.factorize(column)  # a handful of spellings, however many rows
    spellings = pd.Series(values, dtype=object).astype("str").str.strip().str.lower()
    truths = spellings.map(_TRUTHS).astype("boolean").array
    return pd.Series(truths.take(codes, allow_fill=True), column.index, name=column.name)


def _typed_column(column: pd.Series) -> pd.Series:
    converted, unreadable = read(column)
    if unreadable.any():
        strange = column[unreadable]
        found = f"{len(strange)} others: {', '.join(map(repr, strange.head(_SHOWN)))}"
        kind = kind_of(str(column.name))
        raise DataError(f"expected {column.name} to be {kind}, or missing; found {found}")
    whole_label = column.name == LABEL and not converted.hasnans
    return converted.astype(np.bool_) if whole_label else converted
