"""CSV reader: delimiter, quotes and encoding, each row with its line number or a fault.

The reader is strict where pandas guesses: a row with a field too few, a quote that never closes or
a byte that is not UTF-8 is a fault with its line number, not a silent missing value.
"""

import csv
import io
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from spaceship.data.csv_form import (
    DELIMITERS,
    SNIFFED,
    WORDS,
    CsvForm,
    check_utf8,
    place,
    plain_text,
)
from spaceship.data.plain_csv import read_plain
from spaceship.data.stored_file import fail, unpacked
from spaceship.text import first_few

LINE = "line"
"""Name of the index that holds the line number of each row in its file."""
_TITLES = 20  # most lines above a header


def read_csv(path: Path | str, form: CsvForm | None = None) -> pd.DataFrame:
    r"""Return a CSV file as text, indexed by line number as an editor shows it.

    Windows line ends, blank lines, packed files (by content, whatever the name), other encodings
    with a mark, semicolons, tabs or bars in place of commas, a `sep=` line and title rows above the
    header are accepted (`plain_text`). Column names are stripped; empty fields and the usual `NA`,
    `NaN`, `null` are NaN. Raise DataError if the file is absent, unreadable, empty, not UTF-8 text,
    of one column, or if its rows are not whole.

    >>> _ = (tmp_path / "a.csv").write_text("id,age\n\n1,7\n")
    >>> read_csv(tmp_path / "a.csv").to_dict("index")
    {3: {'id': '1', 'age': '7'}}
    """
    return csv_rows(Path(path), unpacked(Path(path)), form)


def csv_rows(path: Path, data: bytes, form: CsvForm | None = None) -> pd.DataFrame:
    r"""Return the rows of a CSV file's content, as `read_csv` does; the path is for messages.

    >>> csv_rows(Path("a.csv"), b"id;age\n1;7\n").to_dict("index")
    {2: {'id': '1', 'age': '7'}}
    """
    _check_not_empty(path, data)
    data, delimiter = plain_text(path, data, form or CsvForm())
    _check_no_nul(path, data)
    plain = read_plain(data, delimiter)  # None: the passes below find the fault, if there is one
    if plain is not None and plain.lines is not None:
        frame, header, lines = plain.frame, plain.header, plain.lines
    else:
        check_utf8(path, data)
        header, lines = _scan(path, data, delimiter)
        frame = plain.frame if plain is not None else _read_with_pandas(data, delimiter)
    if frame.shape != (len(lines), len(header)):
        found = f"{len(frame)} or {len(lines)} of them, depending on what is taken for a blank line"
        fail(path, "rows that can be told apart", found, "remove lines of quoted blanks")
    frame.columns = pd.Index(header)  # as written: pandas renames a column that comes twice
    frame.index = pd.Index(lines, name=LINE)
    return frame


def _check_not_empty(path: Path, data: bytes) -> None:
    if not data[:SNIFFED].strip() and not data.strip():
        fail(path, "a CSV file with a header", "an empty file", "download or export it again")


def _check_no_nul(path: Path, data: bytes) -> None:
    if (position := data.find(b"\0")) >= 0:
        check_utf8(path, data)
        found = f"a NUL byte {place(data, position)}"
        fail(path, "text", found, "it is damaged: download or export it again")


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
    if any(size != len(names) for size in sizes.values()):
        _fail_ragged(path, len(names), sizes, delimiter)
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


def _fail_ragged(path: Path, width: int, sizes: dict[int, int], delimiter: str) -> NoReturn:
    ragged = [f"line {at} ({size} fields)" for at, size in sizes.items() if size != width]
    sign = {",": "a comma"} | {one: f"one of the {name}" for one, name in DELIMITERS.items()}
    do = f"quote values that hold {sign[delimiter]}; "
    do += "if the last row is cut off, download the file again"
    usual, rows = Counter(sizes.values()).most_common(1)[0]
    first = next(at for at, size in sizes.items() if size == usual)
    if usual > width and rows > len(sizes) / 2 and 1 < first < _TITLES:
        do = f"if the header is in line {first}, take out what is above it: "
        do += f"sed -i.bak 1,{first - 1}d {shlex.quote(str(path))}"
    wanted = f"{width} fields in every row, as in the header"
    fail(path, wanted, f"{len(ragged)} otherwise: {first_few(ragged)}", do)


def _fail_single(path: Path, header: str) -> NoReturn:
    first = header.partition("\n")[0]
    for delimiter, name in DELIMITERS.items():
        if delimiter in first:
            found = f"{first.count(delimiter) + 1} columns separated by {name} in the header"
            do = f"if these separate the columns: data.separator={WORDS[delimiter]}; else export "
            do += "it with commas, values that hold one or a line break in quotes"
            fail(path, "a separator that gives every row as many fields", found, do)
    do = "export it again, with another column such as an id if there is one column only: "
    do += "in a single one a missing value is a blank line"
    fail(path, "several columns", "one", do)
