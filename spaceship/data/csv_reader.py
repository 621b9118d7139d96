"""CSV reader: delimiter, quotes and encoding, each row with its line number or a fault.

The reader is strict where pandas guesses: a row with a field too few, a quote that never closes or
a byte that is not UTF-8 is a fault with its line number, not a silent missing value.
"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from spaceship.errors import DataError, expected

LINE = "line"
"""Name of the index that holds the line number of each row in its file."""
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What may separate fields in place of commas."""
_SHOWN = 5
_SNIFFED = 1 << 18  # bytes
_ROWS = 21  # header included


def read_csv(path: Path | str) -> pd.DataFrame:
    r"""Return a CSV file as text, indexed by line number as an editor shows it.

    A byte-order mark, Windows line ends, blank lines, gzip and zip (by content, whatever the name)
    are accepted, and semicolons, tabs or bars in place of commas (`sniff_delimiter`). Column names
    are stripped; empty fields and the usual `NA`, `NaN`, `null` are NaN. Raise DataError if the
    file is absent, unreadable, empty, not UTF-8 text, of one column, or if its rows are not whole.

    >>> _ = (tmp_path / "a.csv").write_text("id,age\n\n1,7\n")
    >>> read_csv(tmp_path / "a.csv").to_dict("index")
    {3: {'id': '1', 'age': '7'}}
    """
    path = Path(path)
    data = text_bytes(path)
    delimiter = sniff_delimiter(data)
    header, lines = _scan(path, data, delimiter)
    frame = pd.read_csv(
        io.BytesIO(data), sep=delimiter, dtype=str, index_col=False, encoding="utf-8"
    )
    if len(frame) != len(lines):
        found = f"{len(frame)} or {len(lines)} of them, depending on what is taken for a blank line"
        _fail(path, "rows that can be told apart", found, "remove lines of quoted blanks")
    frame.columns = pd.Index(header)  # as written: pandas renames a column that comes twice
    frame.index = pd.Index(lines, name=LINE)
    return frame


def sniff_delimiter(data: bytes) -> str:
    r"""Return what separates the fields of a CSV text: a comma, semicolon, tab or vertical bar.

    It is the comma unless another one alone gives the header and the first rows, up to 20, the same
    number of fields, two or more, or it alone is in the header.

    >>> sniff_delimiter(b"id;weight\n1;2,5\n"), sniff_delimiter(b"id,note\n1,a;b\n")
    (';', ',')
    """
    text = data[:_SNIFFED].decode("utf-8", errors="replace")
    lines = text.splitlines(keepends=True)
    whole = lines if len(data) <= _SNIFFED else lines[:-1]
    fitting = [one for one in (",", *DELIMITERS) if _separates(one, whole)]
    if not fitting:
        header = next((line for line in whole if line.strip()), "")
        fitting = [one for one in (",", *DELIMITERS) if one in header]
    return fitting[0] if fitting and (len(fitting) == 1 or fitting[0] == ",") else ","


def _separates(delimiter: str, lines: list[str]) -> bool:
    rows = csv.reader((line for line in lines if line.strip()), delimiter=delimiter)
    try:
        sizes = {len(fields) for fields in islice(rows, _ROWS)}
    except csv.Error:
        return False
    return len(sizes) == 1 and sizes != {1}


def stored_bytes(path: Path) -> bytes:
    """Return the bytes of a file as they are on disk; raise DataError if they cannot be read.

    >>> _ = (tmp_path / "a.csv").write_text("id")
    >>> stored_bytes(tmp_path / "a.csv")
    b'id'
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            _fail(path, "a CSV file", "a device or a pipe", "save its content to a file, use that")
        return path.read_bytes()
    except FileNotFoundError:
        names = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
        found = f"no such file (the folder holds {first_few(names) or 'nothing'})"
        _fail(path, "a CSV file", found, "check the path")
    except IsADirectoryError:
        _fail(path, "a CSV file", "a folder", "give the file, or data.dir=FOLDER for all of them")
    except OSError as error:
        found = error.strerror or type(error).__name__
        _fail(path, "a file that can be read", found, f"check its permissions: ls -l {path}")


def first_few(items: Iterable[str]) -> str:
    """Return the first five items joined, with an ellipsis for the others.

    >>> first_few("abcdef")
    'a, b, c, d, e, …'
    """
    shown = list(islice(items, _SHOWN + 1))
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")


def text_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked, after making sure that it is UTF-8 text.

    >>> _ = (tmp_path / "a.csv").write_bytes(gzip.compress(b"id"))
    >>> text_bytes(tmp_path / "a.csv")
    b'id'
    """
    data = stored_bytes(path)
    converted = f"{path.name} > {path.stem}.utf8.csv"
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            _fail(path, "whole gzip data", str(error), "it is damaged: download it again")
    if data.startswith(b"PK\x03\x04"):
        data = _unzipped(path, data)
    if not data.strip():
        _fail(path, "a CSV file with a header", "an empty file", "download or export it again")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _fail(path, "UTF-8 text", "UTF-16 text", f"run: iconv -f UTF-16 -t UTF-8 {converted}")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        do = (
            f"save it as UTF-8; from Latin-1 (Western Europe): iconv -f LATIN1 -t UTF-8 {converted}"
        )
        found = f"byte 0x{data[error.start]:02x} {_place(data, error.start)}"
        _fail(path, "UTF-8 text", found, do)
    if (position := data.find(b"\0")) >= 0:
        found = f"a NUL byte {_place(data, position)}"
        _fail(path, "text", found, "it is damaged: download or export it again")
    return data.removeprefix(b"\xef\xbb\xbf")


def _unzipped(path: Path, data: bytes) -> bytes:
    """Return the one file of a ZIP archive."""
    do = f"export it as CSV, or run: unzip {path.name}"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/")]
            names = [one for one in names if not one.startswith("__MACOSX/")]
            if len(names) != 1:
                found = f"a ZIP archive or an Excel workbook of {len(names)} files"
                _fail(path, "UTF-8 text", found, do)
            return archive.read(names[0])
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        _fail(path, "UTF-8 text", f"a damaged ZIP archive ({error})", do)


def _scan(path: Path, data: bytes, delimiter: str) -> tuple[list[str], np.ndarray]:
    """Return the column names and the line each row starts in `(n_rows,)`.

    A pass of its own over the file, because pandas fills up short rows and loses line numbers.
    """
    rows = _records(path, data, delimiter)
    _, header = next(rows, (0, [""]))  # an empty pair of quotes is no blank line, yet no header
    names = [name.strip() for name in header]
    if len(names) == 1:
        _fail_single(path, names[0])
    sizes = {line: len(fields) for line, fields in rows}
    ragged = [f"line {at} ({size} fields)" for at, size in sizes.items() if size != len(names)]
    if ragged:
        do = "quote values that hold a delimiter; if a row is cut off, download the file again"
        wanted = f"{len(names)} fields in every row, as in the header"
        _fail(path, wanted, f"{len(ragged)} otherwise: {first_few(ragged)}", do)
    return names, np.array(list(sizes), np.int64)


def _records(path: Path, data: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each row that pandas does not take for blank."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            if len(fields) > 1 or any(field.strip(" \t") or not field for field in fields):
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        found = f"a quote that opens in line {line} and never closes"
        if "field larger" in str(error):
            found += f", or a field of more than {csv.field_size_limit():,} characters"
        if "expected after" in str(error):
            found = f"text after a closing quote in line {line}"
        _fail(path, "quotes in pairs", found, "close it, or write a quote inside a field twice")


def _fail_single(path: Path, header: str) -> NoReturn:
    for delimiter, name in DELIMITERS.items():
        if delimiter in header:
            found = f"{header.count(delimiter) + 1} columns separated by {name}"
            _fail(path, "columns separated by commas", found, "export it as comma-separated")
    _fail(path, "several columns", f"one, {header!r}", "download or export it again")


def _place(data: bytes, position: int) -> str:
    line = data.count(b"\n", 0, position) + 1
    return f"at byte {position} (line {line})"


def _fail(path: Path, wanted: str, found: str, do: str) -> NoReturn:
    raise DataError(f"{path}: {expected(wanted, found, do)}")
