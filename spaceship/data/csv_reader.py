"""Read a CSV file as text, and say what is wrong with one that cannot be read.

The reader is strict where pandas guesses: a row with a field too few, a quote that never closes or
a byte that is not UTF-8 is a fault with its line number, not a silent missing value.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from spaceship.errors import DataError

LINE = "line"  # name of the index that holds each row's line number in its file

_FORMATS = {  # what a file that is no text starts with -> what it is, how to make it one
    b"\xff\xfe": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {0} > {1}"),
    b"\xfe\xff": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {0} > {1}"),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "unzip {0} (or export it as CSV)"),
    b"PAR1": ("a Parquet file", "pandas.read_parquet('{0}').to_csv('{1}', index=False)"),
    b"BZh": ("bzip2 data", "bunzip2 --stdout {0} > {1}"),
    b"\xfd7zXZ": ("xz data", "xz --decompress --stdout {0} > {1}"),
}
_GZIP = b"\x1f\x8b"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SHOWN = 5


def read_csv(path: Path | str) -> pd.DataFrame:
    """Return a comma-separated file as text, indexed by line number as an editor shows it.

    A byte-order mark, Windows line ends, blank lines and gzip (by content, whatever the name) are
    taken as they come. Column names are stripped; empty fields and the usual `NA`, `NaN`, `null`
    are NaN.

    Raises:
        DataError: The file is absent, unreadable, empty, not UTF-8 text, not separated by commas,
            or its rows are not whole.

    """
    path = Path(path)
    data = _text_bytes(path)
    header, lines = _scan(path, data)
    frame = pd.read_csv(io.BytesIO(data), dtype=str, index_col=False, encoding="utf-8")
    if len(frame) != len(lines):
        found = f"{len(frame)} or {len(lines)} of them, depending on what is taken for a blank line"
        _fail(path, "rows that can be told apart", found, "remove lines of quoted blanks")
    frame.columns = pd.Index(header)  # as written: pandas renames a column that comes twice
    frame.index = pd.Index(lines, name=LINE)
    return frame


def _text_bytes(path: Path) -> bytes:
    """Return the file's content, unpacked, after making sure that it is UTF-8 text."""
    data = _unpacked(path, stored_bytes(path))
    if not data.strip():
        _fail(path, "a CSV file with a header", "an empty file", "download or export it again")
    for magic, (kind, command) in _FORMATS.items():
        if data.startswith(magic):
            mend = command.format(path.name, f"{path.stem}.utf8.csv")
            _fail(path, "UTF-8 text", kind, f"convert it, for example: {mend}")
    if b"\0" in (data[:1], data[1:2]):  # every other byte of plain text in UTF-16 is zero
        order = "BE" if data.startswith(b"\0") else "LE"
        mend = f"convert it: iconv -f UTF-16{order} -t UTF-8 {path.name} > {path.stem}.utf8.csv"
        _fail(path, "UTF-8 text", "UTF-16 text without a byte-order mark", mend)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        _fail_encoding(path, data, error.start)
    if (position := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, position) + 1
        found = f"a NUL byte at byte {position} (line {line})"
        _fail(path, "text", found, "the file is damaged: download or export it again")
    return data.removeprefix(b"\xef\xbb\xbf")


def stored_bytes(path: Path) -> bytes:
    """Return the bytes of a file as they are on disk, or say why there are none.

    Raises:
        DataError: The file is absent, a folder, or may not be read.

    """
    try:
        if not path.is_file() and path.exists() and not path.is_dir():
            _fail(
                path, "a CSV file", "a device or a pipe", "save what it gives to a file, use that"
            )
        return path.read_bytes()
    except FileNotFoundError:
        found = f"no such file; the folder holds {_listing(path.parent)}"
        _fail(path, "a CSV file", found, "check the path")
    except IsADirectoryError:
        _fail(path, "a CSV file", "a folder", "give the file, or data.dir=FOLDER for all of them")
    except OSError as error:
        found = error.strerror or type(error).__name__
        _fail(path, "a file that can be read", found, f"check its permissions: ls -l {path}")


def _unpacked(path: Path, data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        _fail(path, "whole gzip data", str(error), "the file is damaged: download it again")


def _fail_encoding(path: Path, data: bytes, position: int) -> NoReturn:
    line = data.count(b"\n", 0, position) + 1
    mend = f"iconv -f LATIN1 -t UTF-8 {path.name} > {path.stem}.utf8.csv"
    _fail(
        path,
        "UTF-8 text",
        f"byte 0x{data[position]:02x} at byte {position} (line {line})",
        f"save it as UTF-8; if it is Latin-1 (Western European), {mend}",
    )


def _scan(path: Path, data: bytes) -> tuple[list[str], np.ndarray]:
    """Return the column names and the line each row starts in `(n_rows,)`.

    A pass of its own over the file, because pandas fills up short rows and loses line numbers.
    """
    rows = _records(path, data)
    _, header = next(rows, (0, [""]))  # an empty pair of quotes is no blank line, yet no header
    names = [name.strip() for name in header]
    if len(names) == 1:
        _fail_single(path, names[0])
    ragged: dict[int, int] = {}

    def whole() -> Iterator[int]:
        for line, fields in rows:
            if len(fields) != len(names):
                ragged[line] = len(fields)
            yield line

    lines = np.fromiter(whole(), np.int64)
    if ragged:
        _fail_ragged(path, len(names), ragged)
    return names, lines


def _records(path: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each row that is not blank."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        for fields in reader:
            if len(fields) > 1 or any(field.strip(" \t") or not field for field in fields):
                yield line, fields  # what pandas takes for a blank line is none of the rows
            line = reader.line_num + 1
    except csv.Error as error:
        what = f"a quote that opens in line {line} and never closes"
        if "field larger" in str(error):
            what += f", or a field of more than {csv.field_size_limit():,} characters"
        if "expected after" in str(error):
            what = f"text after a closing quote in line {line}"
        _fail(path, "quotes in pairs", what, "close it, or write a quote inside a field twice")


def _fail_single(path: Path, header: str) -> NoReturn:
    for delimiter, name in _DELIMITERS.items():
        if delimiter in header:
            found = f"{header.count(delimiter) + 1} columns separated by {name}"
            _fail(path, "columns separated by commas", found, "export it as comma-separated")
    _fail(path, "several columns", f"one, {header!r}", "download or export it again")


def _fail_ragged(path: Path, width: int, ragged: dict[int, int]) -> NoReturn:
    first = list(ragged.items())[:_SHOWN]
    shown = ", ".join(f"line {line} ({fields} fields)" for line, fields in first)
    more = ", …" if len(ragged) > _SHOWN else ""
    _fail(
        path,
        f"{width} fields in every row, as in the header",
        f"{len(ragged)} otherwise: {shown}{more}",
        "quote values that hold a comma; if the last row is cut off, download the file again",
    )


def _listing(folder: Path) -> str:
    """Name what a folder holds, for somebody who gave a wrong path."""
    if not folder.is_dir():
        return "nothing (it does not exist)"
    names = sorted(entry.name for entry in folder.iterdir())
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "") or "nothing"


def _fail(path: Path, expected: str, found: str, mend: str) -> NoReturn:
    msg = f"{path}: expected {expected}; found {found}.\n{mend[0].upper()}{mend[1:]}."
    raise DataError(msg)
