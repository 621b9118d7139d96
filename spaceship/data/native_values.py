"""Native values of a Parquet file or a database, as columns that the checks can type.

Whole numbers stay whole beside missing ones, decimals become numbers, days and moments moments,
bytes their text; whatever else there is, lists say, becomes text.
"""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Integral

import numpy as np
import pandas as pd

_LARGEST = 2**63


def with_native_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns of Python objects have one type each; the others stay.

    >>> with_native_values(pd.DataFrame({"a": [b"x", None]}, dtype=object))["a"].tolist()
    ['x', nan]
    """
    columns = [frame.iloc[:, at] for at in range(frame.shape[1])]
    typed = [native_column([*one]) if one.dtype == object else one for one in columns]
    made = pd.DataFrame(dict(enumerate(one.array for one in typed)), index=frame.index)
    return made.set_axis(frame.columns, axis="columns")


def native_column(values: Sequence[object]) -> pd.Series:
    """Return Python objects of a database as one column; None and NaN are missing.

    >>> native_column([1, None, 3]).tolist(), native_column([Decimal("1.5")]).tolist()
    ([1, <NA>, 3], [1.5])
    """
    kinds = {type(one) for one in values if one is not None}
    if kinds <= {str}:
        return pd.Series([*values], dtype="str")
    if kinds <= {bool, np.bool_}:
        return pd.Series([*values], dtype="boolean")
    if all(issubclass(kind, int | float | Decimal | np.number) for kind in kinds - {bool}):
        return _numbers(values) if bool not in kinds else _texts(values)
    if kinds <= {date, datetime, pd.Timestamp, type(pd.NaT)}:
        return _moments(values)
    return _texts(values)


def _numbers(values: Sequence[object]) -> pd.Series:
    """Return numbers, whole where all are; whole ones beyond 64 bits become text."""
    present = [one for one in values if one is not None]
    whole = all(isinstance(one, Integral) or _is_whole_decimal(one) for one in present)
    if not whole:
        floats = [math.nan if one is None else float(one) for one in values]  # type: ignore[arg-type]
        return pd.Series(floats, dtype="float64")
    integers = [None if one is None else int(one) for one in values]  # type: ignore[call-overload]
    if any(one is not None and abs(one) >= _LARGEST for one in integers):
        return pd.Series([None if one is None else str(one) for one in integers], dtype="str")
    return pd.Series(integers, dtype="Int64")


def _is_whole_decimal(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()


def _moments(values: Sequence[object]) -> pd.Series:
    """Return days and moments without a time zone (UTC)."""
    moments = [None if one is None or one is pd.NaT else _without_zone(one) for one in values]
    return pd.Series(np.array(moments, dtype="datetime64[us]"))


def _without_zone(value: object) -> datetime | date:
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    assert isinstance(value, date)  # noqa: S101 - a datetime is one
    return value


def _texts(values: Sequence[object]) -> pd.Series:
    return pd.Series([None if _is_missing(one) else _text(one) for one in values], dtype="str")


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _text(value: object) -> str:
    """Return any value as text: bytes decoded or in hexadecimal digits, lists as JSON."""
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return bytes(value).hex()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
