"""Values of raw columns in the types of a task, from whatever a file or a request may hold.

The readers of single columns never raise: a value that cannot be read is missing in the result.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from spaceship.errors import DataError
from spaceship.task.task import Column, ColumnType, Problem, Task

_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_WORDS = {"yes": True, "y": True, "t": True, "no": False, "n": False, "f": False}
_SHOWN = 3
_KINDS = {
    ColumnType.NUMBER: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATE: "a date",
    ColumnType.DATETIME: "a date and time",
}
"""Types of which a value may not be, in words."""


def typed(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return the columns of a raw frame in their types, in the order of the task, index kept.

    Takes what CSV, JSON, Parquet or Python may hold: text or native values, `None`, `NaN` or an
    empty text for a missing one. A frame that is typed already passes through untouched. Raise
    DataError if a column is missing or there twice, or a value is not of its column's type.

    >>> typed(pd.DataFrame({"age": ["7", ""]}), {"age": Column(type="number")})["age"].tolist()
    [7.0, nan]
    """
    if faults := header_faults(frame.columns, [*columns]):
        raise DataError("; ".join(faults))
    made = {name: _typed_column(frame[name], column) for name, column in columns.items()}
    return pd.DataFrame(made, index=frame.index)


def typed_label(frame: pd.DataFrame, task: Task) -> pd.Series:
    """Return the label of raw rows: booleans, text or numbers; missing where it cannot be read.

    >>> typed_label(people.train, task).dtype
    dtype('bool')
    """
    values, _ = read(frame[task.label], label_column(task))
    whole = values.dtype == "boolean" and not values.hasnans
    return values.astype(np.bool_) if whole else values


def label_column(task: Task) -> Column:
    """Return the label as a column: its type and the spellings of its values.

    >>> label_column(task).levels
    ('False', 'True')
    """
    kinds = {Problem.BINARY: "boolean", Problem.MULTICLASS: "category"}
    kind = kinds.get(task.problem, "number")
    values = task.label_values if task.is_classification else None
    own = {"missing": task.missing, "decimal": task.decimal}
    return Column.model_validate({"type": kind, "levels": values or None, **own})


def header_faults(present: pd.Index, wanted: list[str]) -> list[str]:
    """Return what is wrong with the names of columns: any missing (meant by others?) or repeated.

    >>> header_faults(pd.Index(["Plan", "fee"]), ["plan", "fee"])
    ["expected 2 columns, missing: plan (is 'Plan' meant?)"]
    """
    faults, spare = [], [str(name) for name in present if name not in {*wanted}]
    if absent := [f"{name}{closest(name, spare)}" for name in wanted if name not in present]:
        faults.append(f"expected {len(wanted)} columns, missing: {', '.join(absent)}")
    if twice := sorted({*present[present.duplicated()]} & {*wanted}):
        faults.append(f"expected each column once, found more than once: {', '.join(twice)}")
    return faults


def closest(name: str, choices: Iterable[str]) -> str:
    """Return a hint with the choice nearest to a name, or nothing.

    >>> closest("monthly_fee", ["MonthlyFee", "plan"])
    " (is 'MonthlyFee' meant?)"
    """
    from difflib import get_close_matches

    plain = {re.sub(r"\W|_", "", choice.lower()): choice for choice in choices}
    near = get_close_matches(name.lower(), plain, n=1, cutoff=0.7)
    return f" (is '{plain[near[0]]}' meant?)" if near else ""


def kind_of(column: Column) -> str:
    """Return the type of a column's values in words, of a text or a category an empty one.

    >>> kind_of(Column(type="number")), kind_of(Column(type="boolean", levels=["n", "y"]))
    ('a number', 'n or y')
    """
    spellings = column.type is ColumnType.BOOLEAN and column.levels
    if spellings and [one.lower() for one in spellings] != ["false", "true"]:
        return " or ".join(spellings)
    return _KINDS.get(column.type, "")


def read(column: pd.Series, kind: Column) -> tuple[pd.Series, pd.Series]:
    """Return a column in its type, and True where a value is not of that type.

    Such a value is missing in the typed column; one that was missing before is not marked.

    >>> values, unreadable = read(pd.Series(["7", "old", None]), Column(type="number"))
    >>> values.tolist(), unreadable.tolist()
    ([7.0, nan, nan], [False, True, False])
    """
    column = _without(column, kind.missing)
    if kind.type is ColumnType.NUMBER:
        converted = _to_number(column, kind.decimal or ".")
    elif kind.type is ColumnType.BOOLEAN:
        converted = to_boolean(column, kind.levels)
    elif kind.type.is_time:
        converted = _to_time(column, kind.format)
    else:
        converted = _to_text(column)
    if converted is column or not converted.hasnans:
        return converted, pd.Series(data=False, index=column.index)
    return converted, converted.isna() & _to_text(column).notna()


def to_boolean(column: pd.Series, spellings: tuple[str, ...] | None = None) -> pd.Series:
    """Return a column as nullable boolean; a value that is neither true nor false is missing.

    Without spellings of false and true, these are read in any case: booleans, 1 and 0, yes and no,
    y and n, t and f. Spellings of `False` and `True` take booleans, 1 and 0 as well.

    >>> to_boolean(pd.Series(["TRUE", 0, "maybe"])).tolist()
    [True, False, <NA>]
    """
    if column.dtype == "boolean":
        return column
    if column.dtype == np.bool_:
        return column.astype("boolean")
    truths = _TRUTHS if spellings else _TRUTHS | _WORDS
    if spellings and [one.lower() for one in spellings] != ["false", "true"]:
        truths = {_spelling(one): truth for truth, one in enumerate(spellings)}  # type: ignore[misc]
    codes, values = pd.factorize(column)  # a handful of spellings, however many rows
    found = [None if pd.isna(value) else truths.get(_spelling(value)) for value in values]
    known = pd.array(found, dtype="boolean")
    return pd.Series(known.take(codes, allow_fill=True), column.index, name=column.name)


def _spelling(value: object) -> str:
    """Return a value as lower-case text, a whole number without its decimals."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", str(value).strip().lower())


def _without(column: pd.Series, missing: tuple[str, ...]) -> pd.Series:
    """Return a column in which further spellings of a missing value are missing."""
    if not missing:
        return column
    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype != "boolean":
        numbers = pd.to_numeric(pd.Series(missing), errors="coerce").dropna()
        return column.mask(column.isin(numbers))
    return column.mask(column.astype("str").str.strip().isin([*missing]))


def _to_text(column: pd.Series) -> pd.Series:
    """Return a column as text; missing and empty values are NaN, whole numbers have no decimals."""
    if column.dtype == "str":
        text = column
    elif column.dtype == np.float64:
        text = column.astype("str").str.removesuffix(".0")
    else:
        text = column.astype("str")
    empty = (text == "").to_numpy()
    return text.mask(empty) if empty.any() else text


def _to_number(column: pd.Series, decimal: str = ".") -> pd.Series:
    """Return a column as float64; a value that is no number is NaN."""
    if column.dtype == np.float64:
        return column
    if not pd.api.types.is_numeric_dtype(column.dtype):
        if decimal == ",":
            column = column.astype("str").str.replace(".", "").str.replace(",", ".")
        column = pd.to_numeric(column, errors="coerce")
    return pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index, name=column.name)


def _to_time(column: pd.Series, form: str | None) -> pd.Series:
    """Return a column as moments without a time zone (UTC); a value that is none is missing."""
    if column.dtype == "datetime64[us]":
        return column
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = pd.to_datetime(
            _to_text(column), format=form or "ISO8601", errors="coerce", utc=True
        )
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.astype("datetime64[us]")


def _typed_column(column: pd.Series, kind: Column) -> pd.Series:
    converted, unreadable = read(column, kind)
    if unreadable.any():
        strange = column[unreadable]
        found = f"{len(strange)} others: {', '.join(map(repr, strange.head(_SHOWN)))}"
        wanted = f"expected {column.name} to be {kind_of(kind)}, or missing"
        raise DataError(f"{wanted}; found {found}")
    return converted
