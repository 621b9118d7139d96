"""Rows in the body of a request: CSV and Parquet as files, JSON in MLflow's four forms.

Errors name what is wrong and show at most the start of a single name or value.
"""

import json
import reprlib
from collections.abc import Callable, Collection, Mapping
from email.message import Message
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from spaceship.data.csv_reader import csv_rows
from spaceship.data.table_reader import parquet_rows
from spaceship.errors import DataError, expected
from spaceship.task.raw_frame import header_faults
from spaceship.task.texts import as_column
from spaceship.text import first_few

Values = dict[str, list[Any]]
"""Values of JSON by column, one a row."""
FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")
_LONGEST = 40  # letters of a name in a message
JSON = "application/json"
_TEXT, _NUMBER, _TRUTH = ({one, type(None)} for one in (str, float, bool))
_FILES: Mapping[str, tuple[str, Callable[[Path, bytes], pd.DataFrame]]] = {
    "text/csv": ("CSV", csv_rows),
    "application/vnd.apache.parquet": ("Parquet", parquet_rows),
}
"""Content types of rows as a file holds them: a name for messages, and their reader."""


@lru_cache(maxsize=16)
def form_of(content_type: str) -> str:
    """Return the media type of a request; raise DataError unless it can hold rows.

    >>> form_of("TEXT/CSV; charset=utf-8")
    'text/csv'
    """
    header = Message()
    header["Content-Type"] = content_type or "none"
    form, charset = header.get_content_type(), header.get_content_charset("utf-8")
    if content_type and form in {JSON, *_FILES} and charset in {"utf-8", "utf8"}:
        return form
    wanted = f"Content-Type {', '.join(_FILES)} or {JSON}, in UTF-8"
    raise _error(wanted, reprlib.repr(content_type) if content_type else "none")


def read_rows(body: bytes, form: str, columns: Collection[str]) -> pd.DataFrame:
    r"""Return the rows in the body of a request; raise DataError if they are not whole.

    >>> read_rows(b"age;name\n7;Ann\n", "text/csv", ["age"]).to_dict("records")
    [{'age': '7', 'name': 'Ann'}]
    """
    if form == JSON:
        return as_frame(read_json(body, columns))
    name, reader = _FILES[form]
    try:
        return reader(Path(name), body)
    except DataError as error:  # what it says to do is for files
        raise DataError(str(error).partition("; ")[0] + "; mend the request") from None


def read_json(body: bytes, columns: Collection[str]) -> Values:
    """Return the rows of a JSON text; raise DataError unless each has a value for each column.

    >>> read_json(b'{"inputs": {"age": [7, null]}}', ["age"])
    {'age': [7, None]}
    >>> read_json(b'{"dataframe_records": [{"age": 7}, {}]}', ["age"])
    Traceback (most recent call last):
    spaceship.errors.DataError: row 2: expected 1 columns, missing: age
    """
    try:
        content = json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise _error("JSON", f"{type(error).__name__}: {error}") from None
    forms = [*FORMS] if not isinstance(content, dict) else [one for one in FORMS if one in content]
    if len(forms) != 1:
        found = first_few(map(_name, content)) if isinstance(content, dict) else _kind(content)
        raise _error(f"one of {', '.join(FORMS)} in a JSON object", found or "an empty one")
    form, given = forms[0], content[forms[0]]
    if form == "dataframe_split":
        return _split(given, columns)
    if form == "inputs" and isinstance(given, dict):
        return _by_column(given)
    return _records(given, form, columns)


def _records(given: object, form: str, columns: Collection[str]) -> Values:
    """Return the rows of a list of objects, each with a value for each column."""
    if not isinstance(given, list):
        raise _error(f"{form} to be a list of rows", _kind(given))
    wanted = {*columns}
    for number, row in enumerate(given, 1):
        if not isinstance(row, dict):
            raise _error(f"row {number} of {form} to be an object", _kind(row))
        if not row.keys() >= wanted:
            faults = header_faults(pd.Index(row), [*columns])
            raise DataError(f"row {number}: {'; '.join(faults)}")
    return {name: [row[name] for row in given] for name in columns}


def as_frame(columns: Mapping[str, list[object]]) -> pd.DataFrame:
    """Return lists of JSON values as the columns of a frame.

    >>> as_frame({"age": [7.5, None], "name": ["Ann", None]}).dtypes.astype("str").tolist()
    ['float64', 'str']
    """
    made = {name: _column(values) for name, values in columns.items()}
    n_rows = len(next(iter(columns.values()), ()))
    return pd.DataFrame(made, range(n_rows), copy=False)


def _column(values: list[Any]) -> Any:
    """Return values of JSON as a column; mixed ones as they are, so that none changes another."""
    kinds = {*map(type, values)}
    if kinds <= _TEXT and str in kinds:
        return as_column(pa.array(values, pa.large_string()))
    if kinds <= _NUMBER and float in kinds:
        return np.array(values, dtype=np.float64)
    is_truth = kinds <= _TRUTH and bool in kinds
    return pd.array(values, dtype="boolean") if is_truth else pd.Series(values, dtype=object)


def _split(given: object, wanted: Collection[str]) -> Values:
    """Return rows below the names of their columns."""
    names, rows = (
        given.get(key) if isinstance(given, dict) else None for key in ("columns", "data")
    )
    if not isinstance(names, list) or not isinstance(rows, list):
        raise _error("dataframe_split to hold the lists columns and data", _kind(given))
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(names):
            found = f"{len(row)} values" if isinstance(row, list) else _kind(row)
            raise _error(f"row {number} of dataframe_split to be {len(names)} values", found)
    names = [*map(str, names)]
    is_odd = len({*names}) < len(names) or (rows and not names)
    if is_odd and (faults := header_faults(pd.Index(names, dtype="str"), [*wanted])):
        raise DataError("; ".join(faults))
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _by_column(given: dict[str, Any]) -> Values:
    """Return the rows of lists of values by column."""
    if odd := [name for name, one in given.items() if not isinstance(one, list)]:
        raise _error(f"a list of values of {_name(odd[0])} in inputs", _kind(given[odd[0]]))
    if len(sizes := sorted({len(one) for one in given.values()})) > 1:
        raise _error("lists of one length in inputs", f"{sizes[0]} and {sizes[-1]} values")
    return given


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON, each of whose names stands there once."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(one for one in names if names.count(one) > 1)
        raise ValueError(f"{reprlib.repr(twice)} twice in an object")
    return made


def _name(given: str) -> str:
    """Return a name in a request, cut if it is long."""
    return given if len(given) <= _LONGEST else f"{given[:_LONGEST]}…"


def _kind(value: object) -> str:
    """Return what a value of JSON is."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _error(wanted: str, found: str) -> DataError:
    return DataError(expected(wanted, found, "mend the request"))
