"""CSV reader: delimiter, quotes and encoding, each row with its line number or a fault.

The reader is strict where pandas guesses: a row with a field too few, a quote that never closes or
a byte that is not UTF-8 is a fault with its line number, not a silent missing value.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from spaceship.data.plain_csv import read_plain
from spaceship.data.stored_file import fail, unpacked
from spaceship.text import first_few

LINE = "line"
"""Name of the index that holds the line number of each row in its file."""
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What may separate fields in place of commas."""
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
    return csv_rows(Path(path), unpacked(Path(path)))


def csv_rows(path: Path, data: bytes) -> pd.DataFrame:
    r"""Return the rows of a CSV file's content, as `read_csv` does; the path is for messages.

    >>> csv_rows(Path("a.csv"), b"id;age\n1;7\n").to_dict("index")
    {2: {'id': '1', 'age': '7'}}
    """
    _check_encoding(path, data)
    data = data.removeprefix(b"\xef\xbb\xbf")
    delimiter = sniff_delimiter(data)
    plain = read_plain(data, delimiter)  # None: the passes below find the fault, if there is one
    if plain is not None and plain.lines is not None:
        frame, header, lines = plain.frame, plain.header, plain.lines
    else:
        _check_text(path, data)
        header, lines = _scan(path, data, delimiter)
        frame = plain.frame if plain is not None else _read_with_pandas(data, delimiter)
    if frame.shape != (len(lines), len(header)):
        found = f"{len(frame)} or {len(lines)} of them, depending on what is taken for a blank line"
        fail(path, "rows that can be told apart", found, "remove lines of quoted blanks")
    frame.columns = pd.Index(header)  # as written: pandas renames a column that comes twice
    frame.index = pd.Index(lines, name=LINE)
    return frame


def sniff_delimiter(data: bytes) -> str:
    r"""Return what separates the fields of a CSV text: a comma, semicolon, tab or vertical bar.

    It is the comma unless another one alone gives the header and the first rows, up to 20, the same
    number of fields, two or more, or is the only one in the header.

    >>> sniff_delimiter(b"id;weight\n1;2,5\n"), sniff_delimiter(b"id,note\n1,a;b\n")
    (';', ',')
    """
    text = data[:_SNIFFED].decode("utf-8", errors="replace")
    ends = io.StringIO(text, newline="")  # `splitlines` would cut at U+2028 and others too
    lines = [line for line in ends if line.strip()]
    whole = lines if len(data) <= _SNIFFED else lines[:-1]
    fitting = [one for one in (",", *DELIMITERS) if _separates(one, whole)]
    fitting = fitting or [one for one in (",", *DELIMITERS) if lines and one in lines[0]]
    return fitting[0] if fitting and (len(fitting) == 1 or fitting[0] == ",") else ","


def _separates(delimiter: str, lines: list[str]) -> bool:
    rows = csv.reader(lines, delimiter=delimiter)
    try:
        sizes = {len(fields) for fields in islice(rows, _ROWS)}
    except csv.Error:
        return False
    return len(sizes) == 1 and sizes != {1}


def _check_encoding(path: Path, data: bytes) -> None:
    """Raise unless there is something, in no wide encoding and without a NUL byte."""
    if not data[:_SNIFFED].strip() and not data.strip():
        fail(path, "a CSV file with a header", "an empty file", "download or export it again")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        do = f"run: iconv -f UTF-16 -t UTF-8 {_converted(path)}"
        fail(path, "UTF-8 text", "UTF-16 text", do)
    if (position := data.find(b"\0")) >= 0:
        _check_text(path, data)
        found = f"a NUL byte {_place(data, position)}"
        fail(path, "text", found, "it is damaged: download or export it again")


def _check_text(path: Path, data: bytes) -> None:
    """Raise unless the whole content is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        do = "save it as UTF-8; from Latin-1 (Western Europe): "
        do += f"iconv -f LATIN1 -t UTF-8 {_converted(path)}"
        found = f"byte 0x{data[error.start]:02x} {_place(data, error.start)}"
        fail(path, "UTF-8 text", found, do)


def _converted(path: Path) -> str:
    return f"{path.name} > {path.stem}.utf8.csv"


def _read_with_pandas(data: bytes, delimiter: str) -> pd.DataFrame:
    """Return the rows that pandas finds, none where it finds not even a header."""
    source = io.BytesIO(data)
    try:
        return pd.read_csv(source, sep=delimiter, dtype=str, index_col=False, encoding="utf-8")
    except (pd.errors.EmptyDataError, pd.errors.ParserError):
        return pd.DataFrame()


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
        sign = {",": "a comma"} | {one: f"one of the {name}" for one, name in DELIMITERS.items()}
        do = f"quote values that hold {sign[delimiter]}; "
        do += "if the last row is cut off, download the file again"
        wanted = f"{len(names)} fields in every row, as in the header"
        fail(path, wanted, f"{len(ragged)} otherwise: {first_few(ragged)}", do)
    return names, np.array(list(sizes), np.int64)


def _records(path: Path, data: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each row that pandas does not take for blank."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    csv.field_size_limit(max(len(data), csv.field_size_limit()))  # the text of a book is a field
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            if len(fields) > 1 or any(field.strip(" \t") or not field for field in fields):
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        found = f"a quote that opens in line {line} and never closes"
        if "expected after" in str(error):
            found = f"text after a closing quote in line {line}"
        fail(path, "quotes in pairs", found, "close it, or write a quote inside a field twice")


def _fail_single(path: Path, header: str) -> NoReturn:
    first = header.partition("\n")[0]
    for delimiter, name in DELIMITERS.items():
        if delimiter in first:
            found = f"{first.count(delimiter) + 1} columns separated by {name} in the header"
            do = "export it with commas, values that hold one or a line break in quotes"
            fail(path, "a separator that gives every row as many fields", found, do)
    do = "export it again, with another column such as an id if there is one column only: "
    do += "in a single one a missing value is a blank line"
    fail(path, "several columns", f"one, {header!r}", do)


def _place(data: bytes, position: int) -> str:
    line = data.count(b"\n", 0, position) + 1
    return f"at byte {position} (line {line})"
