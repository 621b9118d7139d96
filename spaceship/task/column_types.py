"""Types of columns: what their values count as, and how raw values are read. One entry a type.

A reader never raises: a value that cannot be read is missing in the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from spaceship.task.arrays import Mask
from spaceship.task.grouped_numbers import to_numbers
from spaceship.task.texts import to_text
from spaceship.task.truth import to_boolean

_THOUSANDS = r"[-+]?\d{1,3}(?:\.\d{3})+(?:,.*)?"
"""A number with points between its thousands; any other point is no part of a decimal comma's."""


class Kind(StrEnum):
    """What the values of a column count as, for features, rules and drift."""

    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"


_TEXTS = (Kind.CATEGORY, Kind.TEXT)  # every value can be read


class ColumnType(StrEnum):
    """The types of columns; `date` and `datetime` differ in what their values look like only.

    >>> [one.value for one in ColumnType if one.kind is Kind.TIME]
    ['date', 'datetime']
    """

    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def kind(self) -> Kind:
        """What the values count as."""
        return _TYPES[self].kind


def as_text(value: object) -> object:
    """Return a number, a boolean or a date of a YAML file as the text that a CSV file holds.

    >>> as_text(3), as_text(3.0), as_text(True), as_text("Y"), as_text(None)
    ('3', '3', 'True', 'Y', None)
    """
    if value is None or isinstance(value, str | Mapping | list | tuple):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _day_as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


Text = Annotated[str, BeforeValidator(as_text)]
Value = Annotated[Text, AfterValidator(str.strip)]  # of a column, whose texts are stripped too
Name = Annotated[str, BeforeValidator(as_text), Field(min_length=1)]
Bound = Annotated[float | str | None, BeforeValidator(_day_as_text)]


class Section(BaseModel):
    """A part of a task's YAML: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Section):
    """The type of a column and the rules that its values keep.

    >>> Column(type="number", min=0, unit="months").type
    <ColumnType.NUMBER: 'number'>
    """

    type: ColumnType
    min: Bound = None  # least number, or earliest day
    max: Bound = None  # greatest number, or latest day
    pattern: str | None = None  # regular expression that a whole text matches
    unit: str | None = None  # of the numbers, or the pattern in words; used in messages
    missing: tuple[Text, ...] = ()  # spellings of a missing value beside the empty one
    levels: tuple[Value, ...] | None = None  # boolean: false, true; category: all that are allowed
    monotone: Literal["up", "down"] | None = None  # what a greater number does to the prediction
    # decimal sign in place of the task's
    decimal: str | None = Field(default=None, pattern=r"[.,]")
    format: str | None = None  # of dates, such as %d.%m.%Y; null: ISO 8601

    @field_validator("min", "max")
    @classmethod
    def _fit_type(cls, bound: float | str | None, info: ValidationInfo) -> float | str | None:
        """Return a number's bound as a number; raise if it is none, or no day of a time."""
        kind = info.data.get("type")
        if bound is None or kind is None:
            return bound
        try:
            if kind.kind is Kind.NUMBER:
                return float(bound)
            if kind.kind is Kind.TIME:
                date.fromisoformat(str(bound)[:10])
        except ValueError:
            wanted = {
                "wanted": "a day, such as 2026-01-31" if kind.kind is Kind.TIME else "a number"
            }
            raise PydanticCustomError("bound", "Input should be {wanted}", wanted) from None
        return bound


def kind_of(column: Column) -> str:
    """Return the type of a column's values in words, of a text or a category an empty one.

    >>> kind_of(Column(type="number")), kind_of(Column(type="boolean", levels=["n", "y"]))
    ('a number', 'n or y')
    """
    spellings = column.type.kind is Kind.BOOLEAN and column.levels
    if spellings and [one.lower() for one in spellings] != ["false", "true"]:
        return " or ".join(spellings)
    form = f" as {column.format}" if column.format and column.type.kind is Kind.TIME else ""
    return _TYPES[column.type].words + form


def read(column: pd.Series, kind: Column) -> tuple[pd.Series, Mask]:
    """Return a column in its type, itself if it has it, and True where a value is of another type.

    Such a value is missing in the typed column; one that was missing before is not marked.

    >>> values, unreadable = read(pd.Series(["7", "old", None]), Column(type="number"))
    >>> values.tolist(), unreadable.tolist()
    ([7.0, nan, nan], [False, True, False])
    """
    column = _without(column, kind.missing)
    try:
        converted = _TYPES[kind.type].read(column, kind)
    except (TypeError, OverflowError):  # lists, dictionaries, integers beyond every float
        column = column.astype("str")
        converted = _TYPES[kind.type].read(column, kind)
    if converted is column or kind.type.kind in _TEXTS:
        return converted, np.zeros(len(column), dtype=bool)
    missing = missing_values(converted)
    if missing.any():
        missing &= ~missing_values(to_text(column))
    return converted, missing


def missing_values(column: pd.Series) -> Mask:
    """Return whether each value of a typed column is missing.

    >>> missing_values(pd.Series(["a", None])).tolist()
    [False, True]
    """
    is_float = column.dtype == np.float64  # a faster way to the same
    return np.asarray(np.isnan(column.to_numpy()) if is_float else column.array.isna())


def _without(column: pd.Series, missing: tuple[str, ...]) -> pd.Series:
    if not missing:
        return column
    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype != "boolean":
        numbers = pd.to_numeric(pd.Series(missing), errors="coerce").dropna()
        return column.mask(column.isin(numbers))
    return column.mask(column.astype("str").str.strip().isin([*missing]))


def _to_number(column: pd.Series, kind: Column) -> pd.Series:
    """Return a column as float64; a value that is no number, such as True, is NaN."""
    if column.dtype == np.float64:
        return column
    if pd.api.types.is_bool_dtype(column.dtype):
        return pd.Series(np.nan, column.index, name=column.name)
    if column.dtype == object:
        column = column.mask(column.map(pd.api.types.is_bool).astype(bool))
    if not pd.api.types.is_numeric_dtype(column.dtype):
        if kind.decimal == ",":
            column = _with_points(column.astype("str"))
        column = to_numbers(column)
    return pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index, name=column.name)


def _with_points(column: pd.Series) -> pd.Series:
    """Return numbers with a decimal comma as numbers with a decimal point; others are missing."""
    pointed = column.str.contains(".", regex=False, na=False)
    odd = pointed & ~column.str.strip().str.fullmatch(_THOUSANDS, na=False)
    return column.mask(odd).str.replace(".", "").str.replace(",", ".")


def _to_time(column: pd.Series, kind: Column) -> pd.Series:
    """Return a column as moments without a time zone (UTC); a value that is none is missing."""
    if column.dtype == "datetime64[us]":
        return column
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = pd.to_datetime(
            to_text(column), format=kind.format or "ISO8601", errors="coerce", utc=True
        )
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.astype("datetime64[us]")


@dataclass(frozen=True)
class _Type:
    kind: Kind
    read: Callable[[pd.Series, Column], pd.Series]  # raw values to typed ones, or missing
    words: str = ""  # what a value is, in messages; empty if every value can be read


def _read_text(column: pd.Series, _: Column) -> pd.Series:
    return to_text(column)


_TYPES: Mapping[ColumnType, _Type] = {
    ColumnType.NUMBER: _Type(Kind.NUMBER, _to_number, "a number"),
    ColumnType.CATEGORY: _Type(Kind.CATEGORY, _read_text),
    ColumnType.TEXT: _Type(Kind.TEXT, _read_text),
    ColumnType.BOOLEAN: _Type(
        Kind.BOOLEAN, lambda column, own: to_boolean(column, own.levels), "true or false"
    ),
    ColumnType.DATE: _Type(Kind.TIME, _to_time, "a date"),
    ColumnType.DATETIME: _Type(Kind.TIME, _to_time, "a date and time"),
}
