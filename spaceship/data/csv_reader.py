"""CSV reader: rows, quotes and line ends, each row with its line number or a fault.

The reader is strict where pandas guesses: a row with a field too few, a quote that never closes or
a byte that is not UTF-8 is a fault with its line number, not a silent missing value. It reads block
by block: Arrow those that are certainly well formed (`plain_csv`), Python's csv module the others.
"""

import csv
import io
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NoReturn

import pandas as pd

from spaceship.data.csv_form import DELIMITERS, WORDS, CsvForm, check_text, plain_blocks
from spaceship.data.csv_records import Records, is_certain
from spaceship.data.plain_csv import MISSING, TEXT, Block
from spaceship.data.stored_file import fail, opened
from spaceship.task.column_types import Kind
from spaceship.text import first_few

LINE = "line"
"""Name of the index that holds the line number of each row in its file."""
_TITLES = 20  # most lines above a header
_LISTED = 5  # rows


def read_csv(path: Path | str, form: CsvForm | None = None) -> pd.DataFrame:
    r"""Return a CSV file as text, indexed by line number as an editor shows it.

    Windows line ends, blank lines, packed files (by content, whatever the name), other encodings
    with a mark, semicolons, tabs or bars in place of commas, a `sep=` line and title rows above the
    header are accepted (`plain_blocks`). Column names are stripped; empty fields and the usual
    `NA`, `NaN`, `null` are NaN. Raise DataError if the file is absent, unreadable, empty, not UTF-8
    text, of one column, or if its rows are not whole.

    >>> _ = (tmp_path / "a.csv").write_text("id,age\n\n1,7\n")
    >>> read_csv(tmp_path / "a.csv").to_dict("index")
    {3: {'id': '1', 'age': '7'}}
    """
    with opened(Path(path)) as stream:
        return joined(csv_parts(Path(path), stream, form))


def csv_rows(path: Path, data: bytes, form: CsvForm | None = None) -> pd.DataFrame:
    r"""Return the rows of a CSV file's content, as `read_csv` does; the path is for messages.

    >>> csv_rows(Path("a.csv"), b"id;age\n1;7\n").to_dict("index")
    {2: {'id': '1', 'age': '7'}}
    """
    return joined(csv_parts(path, io.BytesIO(data), form))


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all parts.

    >>> joined([pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]})])["a"].tolist()
    ['x', 'y']
    """
    every = [*parts]
    if len(every) == 1:
        return every[0]
    names = every[0].columns
    plain = [one.set_axis(range(len(names)), axis="columns") for one in every]  # a name may repeat
    return pd.concat(plain).set_axis(names, axis="columns")


def csv_parts(
    path: Path,
    stream: BinaryIO,
    form: CsvForm | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Iterator[pd.DataFrame]:
    r"""Yield the rows of a CSV text in parts, at least one, in bounded memory.

    Columns of a kind, number or boolean, have its type in each part in which all of them hold such
    values alone or missing ones; otherwise, and without a kind, they are text.

    >>> text = io.BytesIO(b"id,age\n1,7\n")
    >>> [part] = csv_parts(Path("a.csv"), text, kinds={"age": Kind.NUMBER})
    >>> part.to_dict("index")
    {2: {'id': '1', 'age': 7.0}}
    """
    blocks, delimiter = plain_blocks(path, stream, form or CsvForm())
    return _Rows(path, blocks, delimiter, kinds or {}).parts()


@dataclass
class _Rows:
    """Rows of a text that comes in blocks, and how far they are read."""

    path: Path
    blocks: Iterator[bytes]
    delimiter: str
    kinds: Mapping[str, Kind]
    names: list[str] | None = None  # of the columns, once the header is read
    data: bytes = b""  # what is not read yet of the blocks so far
    start: int = 0  # its place in the text, in bytes
    line: int = 1  # … and in lines
    rows: int = 0
    ahead: bytes = b""  # the next block

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield the rows of block after block."""
        self.ahead = next(self.blocks)
        while self.ahead:
            self._read_on()
            last = not self.ahead
            frame = self._plain(last=last)
            if frame is None:
                frame = self._strict(last=last)
            if frame is not None and (len(frame) or (last and not self.rows)):
                self.rows += len(frame)
                yield frame.rename_axis(LINE)

    def _read_on(self) -> None:
        """Add blocks to the data, as long as what is left of it, so that no row is read often."""
        more = [self.data]
        while self.ahead and (len(more) == 1 or sum(map(len, more[1:])) < len(self.data)):
            more.append(self.ahead)
            self.ahead = next(self.blocks, b"")
        self.data = b"".join(filter(None, more))  # a copy, unless it is one block

    def _plain(self, *, last: bool) -> pd.DataFrame | None:
        """Return the whole rows of the data if Arrow reads them for certain, and leave the rest."""
        head = self._header() if self.names is None else (0, self.names)
        if head is None or b"\0" in self.data:
            return None
        start, names = head
        block = Block.of(self.data, start=start, last=last)
        frame = block.rows(self.delimiter, names, self.kinds)
        if frame is None:
            return None
        lines = self.line + self.data.count(b"\n", 0, start)
        self.names, self.line = names, lines + block.n_ends(frame)
        self.start, self.data = self.start + block.end, self.data[block.end :]
        frame.index += lines
        return frame

    def _header(self) -> tuple[int, list[str]] | None:
        """Return where the first row starts and the names, None unless they are in a plain line."""
        found = re.match(rb"(?:\r?\n)*([^\r\n]*)\r?\n", self.data)
        try:
            text = found[1].decode() if found else ""
            names = next(csv.reader([text], delimiter=self.delimiter, strict=True), [])
        except (csv.Error, UnicodeDecodeError):
            return None
        return (found.end(), [one.strip() for one in names]) if found and len(names) > 1 else None

    def _strict(self, *, last: bool) -> pd.DataFrame | None:
        """Return the whole rows of the data, read row by row, or raise DataError for a fault."""
        end = len(self.data)
        if not last:  # a carriage return at the end may be half of a line end
            end = max(self.data.rfind(b"\n"), self.data.rfind(b"\r", 0, end - 1)) + 1
        check_text(self.path, self.data[:end], self.start, self.line)
        records = Records([self.data[:end]], self.delimiter, self.line)
        names, values = self.names, {}
        try:
            for line, fields in records:
                if names is None:
                    names = self._checked(fields)
                elif len(fields) != len(names):
                    self._fail_ragged(len(names))
                else:
                    values[line] = fields
        except csv.Error as error:
            if last or is_certain(error):
                self._fail_quotes(error, records.line)
        if names is None and last:
            self._checked([""])  # an empty pair of quotes is no blank line, yet no header
        if names is None:
            return None
        self.names, self.line = names, records.line
        self.start, self.data = self.start + records.size, self.data[records.size :]
        columns = [*zip(*values.values(), strict=True)] or [()] * len(names)
        made = {at: pd.Series(one, [*values], dtype=TEXT) for at, one in enumerate(columns)}
        made = {at: one.mask(one.isin(MISSING)) for at, one in made.items()}
        return pd.DataFrame(made).set_axis(names, axis="columns")

    def _checked(self, header: list[str]) -> list[str]:
        names = [name.strip() for name in header]
        if len(names) == 1:
            self._fail_single(names[0])
        return names

    def _fail_quotes(self, error: csv.Error, line: int) -> NoReturn:
        found = f"a quote that opens in line {line} and never closes"
        if is_certain(error):
            found = f"text after a closing quote in line {line}"
        do = "close it, or write a quote inside a field twice"
        fail(self.path, "quotes in pairs", found, do)

    def _fail_ragged(self, width: int) -> NoReturn:
        """Raise DataError about all rows of another width from here on."""
        records = Records(chain([self.data, self.ahead], self.blocks), self.delimiter, self.line)
        sizes, first, ragged = Counter({width: self.rows}), dict[int, int](), list[str]()
        n_open = 0  # rows that end with a separator
        try:
            for line, fields in islice(records, 0 if self.names else 1, None):
                size = len(fields)
                sizes[size] += 1
                first.setdefault(size, line)
                n_open += not fields[-1]
                if size != width and len(ragged) <= _LISTED:
                    ragged.append(f"line {line} ({size} fields)")
        except csv.Error as error:
            self._fail_quotes(error, records.line)
        sign = {",": "a comma"} | {one: f"one of the {name}" for one, name in DELIMITERS.items()}
        do = f"quote values that hold {sign[self.delimiter]}; "
        do += "if the last row is cut off, download the file again"
        usual, rows = sizes.most_common(1)[0]
        if usual > width and rows > sizes.total() / 2 and 1 < first[usual] < _TITLES:
            do = f"if the header is in line {first[usual]}, take out what is above it: "
            do += f"sed -i.bak 1,{first[usual] - 1}d {shlex.quote(str(self.path))}"
            if usual == width + 1 and rows == n_open:
                do = "if each row ends with a separator, let the header end with one as well: sed "
                do += rf"-i.bak '{first[usual] - 1}s/\r*$/{self.delimiter}&/' "
                do += shlex.quote(str(self.path))
        wanted = f"{width} fields in every row, as in the header"
        count = sizes.total() - sizes[width]
        fail(self.path, wanted, f"{count} otherwise: {first_few(ragged, total=count)}", do)

    def _fail_single(self, header: str) -> NoReturn:
        first = header.partition("\n")[0]
        for delimiter, name in DELIMITERS.items():
            if delimiter in first:
                found = f"{first.count(delimiter) + 1} columns separated by {name} in the header"
                do = f"if these separate the columns: data.separator={WORDS[delimiter]}; else "
                do += "export it with commas, values that hold one or a line break in quotes"
                fail(self.path, "a separator that gives every row as many fields", found, do)
        do = "export it again, with another column such as an id if there is one column only: "
        do += "in a single one a missing value is a blank line"
        fail(self.path, "several columns", "one", do)
