"""Rows in the body of a request: CSV as `mode=inference` reads it, JSON in MLflow's four forms."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from spaceship.data.csv_reader import csv_rows
from spaceship.errors import DataError, expected
from spaceship.task.raw_frame import header_faults

FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")


def read_csv(body: bytes) -> pd.DataFrame:
    r"""Return the rows of a CSV text; raise DataError if they are not whole.

    >>> read_csv(b"age;name\n7;Ann\n").to_dict("records")
    [{'age': '7', 'name': 'Ann'}]
    """
    try:
        return csv_rows(Path("CSV"), body)
    except DataError as error:  # what it says to do is for files
        raise DataError(str(error).partition("; ")[0] + "; mend the request") from None


def read_json(body: bytes, columns: Collection[str]) -> pd.DataFrame:
    """Return the rows of a JSON text; raise DataError unless each has a value for each column.

    >>> read_json(b'{"inputs": {"age": [7, null]}}', ["age"])["age"].tolist()
    [7.0, nan]
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
        found = ", ".join(content) if isinstance(content, dict) else "no object"
        raise _error(f"one of {', '.join(FORMS)} in a JSON object", found or "none")
    form, given = forms[0], content[forms[0]]
    if form == "dataframe_split":
        return _split(given)
    if form == "inputs" and isinstance(given, dict):
        return _by_column(given)
    if not isinstance(given, list):
        raise _error(f"{form} to be a list of rows", _kind(given))
    for number, row in enumerate(given, 1):
        if not isinstance(row, dict):
            raise _error(f"row {number} of {form} to be an object", _kind(row))
        if not row.keys() >= {*columns}:
            faults = header_faults(pd.Index(row), [*columns])
            raise DataError(f"row {number}: {'; '.join(faults)}")
    return pd.DataFrame(given)


def _split(given: Any) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=[*map(str, names)])


def _by_column(given: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of lists of values by column."""
    if odd := [name for name, one in given.items() if not isinstance(one, list)]:
        raise _error(f"a list of values of {odd[0]} in inputs", _kind(given[odd[0]]))
    if len(sizes := sorted({len(one) for one in given.values()})) > 1:
        raise _error("lists of one length in inputs", f"{sizes[0]} and {sizes[-1]} values")
    return pd.DataFrame(given)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, each of whose names stands there once."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"{next(one for one in names if names.count(one) > 1)!r} twice in an object"
        )
    return made


def _kind(value: object) -> str:
    """Return what a value of JSON is."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _error(wanted: str, found: str) -> DataError:
    return DataError(expected(wanted, found, "mend the request"))
