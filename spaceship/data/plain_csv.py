"""Fast pass over a CSV text that is certainly well formed: Arrow reads it in several threads."""

import csv
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

_BLOCK = 1 << 22  # bytes
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "#N/A", "#NA"]
_MISSING += ["#N/A N/A", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
"""Spellings of a missing value: those of pandas."""


@dataclass(frozen=True)
class PlainCsv:
    """Rows as text, the names of the columns, the line that each row starts in."""

    frame: pd.DataFrame
    header: list[str]
    lines: npt.NDArray[np.int64] | None  # None where blank lines or line ends in values shift them


def read_plain(data: bytes, delimiter: str) -> PlainCsv | None:
    r"""Return the rows of a CSV text, None unless every reader would find the same rows in it.

    The frame is that of `pandas.read_csv(dtype=str)`.

    >>> read_plain(b'id,name\n1,"Ann"\n', ",").frame.to_dict("list")
    {'0': ['1'], '1': ['Ann']}
    >>> read_plain(b'id,name\n1,"Ann\n', ",") is None
    True
    """
    header = _header(data, delimiter)
    returns = data.count(b"\r")
    if header is None or returns != data.count(b"\r\n"):
        return None
    quoted = data.find(b'"') >= 0
    if quoted and not _quotes_in_pairs(data, ord(delimiter)):
        return None
    frame = _read_with_arrow(data, delimiter, len(header), quoted=quoted)
    if frame is None:
        return None
    one_each = data.count(b"\n") + (not data.endswith(b"\n")) == len(frame) + 1
    if not one_each and returns:
        return None
    lines = np.arange(2, len(frame) + 2, dtype=np.int64) if one_each else None
    return PlainCsv(frame, header, lines)


def _header(data: bytes, delimiter: str) -> list[str] | None:
    """Return the names in the first line, None if they are not there or go on after it."""
    first = data[: data.find(b"\n") + 1]
    try:
        names = next(csv.reader([first.decode()], delimiter=delimiter, strict=True), [])
    except (csv.Error, UnicodeDecodeError):
        return None
    return [name.strip() for name in names] if len(names) > 1 else None


def _read_with_arrow(
    data: bytes, delimiter: str, width: int, *, quoted: bool
) -> pd.DataFrame | None:
    """Return the rows below the first line, None if Arrow finds a fault or a field is huge."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]

    names = [str(at) for at in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(block_size=_BLOCK, column_names=names, skip_rows=1),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                null_values=_MISSING,
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:
        return None
    if any(_longest(column) > csv.field_size_limit() for column in table.columns):
        return None
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    frame: pd.DataFrame = table.to_pandas(
        types_mapper={pa.large_string(): text}.get, split_blocks=True, self_destruct=True
    )
    return frame


def _longest(column: object) -> int:
    from pyarrow import compute

    return compute.max(compute.binary_length(column)).as_py() or 0


def _quotes_in_pairs(data: bytes, delimiter: int) -> bool:
    """Return whether each quote opens a field, closes it, or is one of two inside of it."""
    content, before = np.frombuffer(data, np.uint8), 0
    opening = np.array([delimiter, _NEWLINE, _QUOTE], np.uint8)
    closing = np.array([delimiter, _NEWLINE, _RETURN, _QUOTE], np.uint8)
    for start in range(0, len(content), _BLOCK):
        at = np.flatnonzero(content[start : start + _BLOCK] == _QUOTE) + start
        first = before % 2  # position of the first quote that opens
        opens, closes = at[first::2], at[1 - first :: 2]
        opens, closes = opens[opens > 0], closes[closes < len(content) - 1]
        if not np.isin(content[opens - 1], opening).all():
            return False
        if not np.isin(content[closes + 1], closing).all():
            return False
        before += len(at)
    return before % 2 == 0
