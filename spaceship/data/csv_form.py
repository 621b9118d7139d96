"""Form of a CSV text, guessed from its start: encoding, delimiter, a `sep=` line, title rows.

What is certain is read and said in one line; for the rest a person says `data.separator=WORD` or
`data.encoding=NAME`.
"""

import codecs
import csv
import io
import logging
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Self

from spaceship.data.stored_file import fail
from spaceship.errors import ConfigError, expected

log = logging.getLogger(__name__)

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What may separate fields in place of commas."""
WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""Values of `data.separator`; the sign itself is taken as well."""
BLOCK = 1 << 24  # bytes that are read at once
_SNIFFED, _LINES = 1 << 18, 1000  # bytes and lines that tell the separator
_ROWS = 21  # header included
_TITLES = 20  # most lines above a header
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PADDED = 3  # fields of a row of one value, from which the others are taken for filled up
_SEP_LINE = re.compile(rb'\A"?sep=([,;\t|])"?[ \t]*(?=\r|\n)', re.IGNORECASE)
_WIDE = {b"[^\0]\0[^\0]\0": "utf-16-le", b"\0[^\0]\0[^\0]": "utf-16-be"}
"""First characters of a wide text without a mark."""


@dataclass(frozen=True)
class CsvForm:
    """What a person says of CSV files; None: as the content tells.

    >>> CsvForm.of("semicolon", "cp1252")
    CsvForm(separator=';', encoding='cp1252')
    """

    separator: str | None = None  # of a file in whose header it stands
    encoding: str | None = None  # of a file that is neither UTF-8 nor has a mark

    @classmethod
    def of(cls, separator: str | None, encoding: str | None) -> Self:
        """Return the form of two settings; raise ConfigError if one cannot be used."""
        signs = {word: sign for sign, word in WORDS.items()} | {one: one for one in WORDS}
        if separator is not None and separator not in signs:
            wanted = f"data.separator to be one of {', '.join(WORDS.values())}, or null"
            do = "leave it out where the content tells"
            raise ConfigError(expected(wanted, repr(separator), do))
        try:
            codecs.lookup(encoding or "utf-8").incrementaldecoder()
        except (LookupError, TypeError, ValueError):
            do = "try data.encoding=cp1252 (Western Europe), cp1250, cp1251, shift_jis or gb18030"
            wanted = "data.encoding to be an encoding of text that Python knows"
            raise ConfigError(expected(wanted, repr(encoding), do)) from None
        return cls(None if separator is None else signs[separator], encoding)


def plain_blocks(path: Path, stream: BinaryIO, form: CsvForm) -> tuple[Iterator[bytes], str]:
    r"""Return a CSV text in UTF-8, block by block, and its separator.

    What is above the header is blank lines. Raise DataError if there is no text, or a damaged one.

    >>> text = "sep=;\nid;b\n1;2\n".encode("utf-16")
    >>> blocks, separator = plain_blocks(Path("a.csv"), io.BytesIO(text), CsvForm())
    >>> b"".join(blocks), separator
    (b'\nid;b\n1;2\n', ';')
    """
    blocks, encoding = _utf8(path, stream, form)
    first = b""
    while not first.strip() and (more := next(blocks, b"")):
        first += more
    if not first.strip():
        fail(path, "a CSV file with a header", "an empty file", "download or export it again")
    said = [] if encoding == "utf-8" else [f"{encoding.upper()} text"]
    found = _SEP_LINE.match(first)
    data = _SEP_LINE.sub(b"", first)
    delimiter, titles = (found[1].decode(), 0) if found else _sniff(data)
    if form.separator and form.separator.encode() in data.lstrip().partition(b"\n")[0]:
        delimiter, titles = form.separator, 0
    elif delimiter != ",":
        said.append(f"fields separated by {DELIMITERS[delimiter]}")
    if titles:
        ends = [match.end() for match in islice(re.finditer(rb"\r\n|\r|\n", data), titles)]
        data = b"\n" * titles + data[ends[-1] :]
        said.append("titles above the header")
    if said:
        log.info("%s: read as %s", path, ", ".join(said))
    return chain([data], blocks), delimiter


def sniff_delimiter(data: bytes) -> str:
    r"""Return what separates the fields of a CSV text: a comma, semicolon, tab or vertical bar.

    It is the comma unless another one alone gives the header and the first rows, up to 20, the same
    number of fields, two or more, or is the only one in the header.

    >>> sniff_delimiter(b"id;weight\n1;2,5\n"), sniff_delimiter(b"id,note\n1,a;b\n")
    (';', ',')
    """
    return _sniff(data)[0]


def _sniff(data: bytes) -> tuple[str, int]:
    """Return the separator, and the number of lines above the header."""
    text = data[:_SNIFFED].decode("utf-8", errors="replace")
    ends = io.StringIO(text, newline="")  # `splitlines` would cut at U+2028 and others too
    lines = [*islice(ends, _LINES)]
    is_cut = len(data) > _SNIFFED and len(lines) < _LINES
    whole = lines[:-1] if is_cut else lines
    found = {one: _titles(one, whole) for one in (",", *DELIMITERS)}
    for wanted in ({0}, {*range(1, _TITLES + 1)}):
        fitting = [one for one, titles in found.items() if titles in wanted]
        if len(fitting) == 1 or "," in fitting:
            return fitting[0], found[fitting[0]] or 0
        if fitting:
            return ",", 0
    first = next((line for line in lines if line.strip()), "")
    named = [one for one in (",", *DELIMITERS) if one in first]
    return (named[0] if len(named) == 1 else ","), 0


def _titles(delimiter: str, lines: list[str]) -> int | None:
    """Return the number of lines above the header, None if fields are not separated so.

    Titles are rows of one value or none; the header below them has a name for each column.
    """
    try:
        rows = [*islice(_records(delimiter, lines), _ROWS + _TITLES)]
    except csv.Error:
        return None
    above = 0
    while above < len(rows) - 1 and _is_title(rows[above][1]):
        above += 1
    rest = [fields for _, fields in rows[above : above + _ROWS]]
    sizes = {len(fields) for fields in rest}
    if len(sizes) != 1 or sizes == {1}:
        return None
    names = [name.strip() for name in rest[0]]
    if above and (len({*names} - {""}) < len(names) or any(map(_is_number, names))):
        return 0 if {len(fields) for _, fields in rows} == sizes else None
    return rows[above - 1][0] if above else 0


def _records(delimiter: str, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the number of lines up to its end."""
    reader = csv.reader(lines, delimiter=delimiter)
    for fields in reader:
        if len(fields) > 1 or any(field.strip() for field in fields):
            yield reader.line_num, fields


def _is_title(fields: list[str]) -> bool:
    filled = sum(bool(field.strip()) for field in fields)
    return filled <= 1 and (len(fields) == 1 or len(fields) >= _PADDED)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.,]+", text) is not None


def _utf8(path: Path, stream: BinaryIO, form: CsvForm) -> tuple[Iterator[bytes], str]:
    """Return a text in UTF-8 without a mark, block by block, and the encoding that it was in."""
    first = stream.read(BLOCK)
    marks = [(mark, one) for mark, one in _MARKS if first.startswith(mark)]
    wide = [(b"", one) for start, one in _WIDE.items() if re.match(start, first)]
    mark, encoding = [*marks, *wide, (b"", "utf-8")][0]
    stream.seek(len(mark))
    if not marks and not wide and form.encoding is not None:
        try:
            _ = [len(text) for text in _decoded(stream, encoding)]
        except UnicodeDecodeError:
            encoding = form.encoding
        stream.seek(0)
    if encoding == "utf-8":
        return iter(partial(stream.read, BLOCK), b""), encoding
    return _recoded(path, stream, encoding), encoding


def _decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    while block := stream.read(BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _recoded(path: Path, stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    try:
        yield from (text.encode() for text in _decoded(stream, encoding) if text)
    except (UnicodeError, LookupError) as error:
        found = f"bytes that are none: {error}"
        fail(path, f"{encoding.upper()} text", found, "it is damaged: export it again")


def check_text(path: Path, data: bytes, start: int = 0, line: int = 1) -> None:
    """Raise DataError unless a block, from a byte and a line of the file on, is UTF-8 without NUL.

    >>> check_text(Path("a.csv"), b"id")
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        new = shlex.quote(str(path.with_suffix(".utf8.csv")))
        do = "name its encoding, such as data.encoding=cp1252 (Western Europe), or convert it: "
        do += f"iconv -f CP1252 -t UTF-8 {shlex.quote(str(path))} > {new}"
        wanted, at = "UTF-8 text", error.start
        found = f"byte 0x{data[at]:02x}"
    else:
        if (at := data.find(b"\0")) < 0:
            return
        wanted, found = "text", "a NUL byte"
        do = "it is damaged: download or export it again"
    line += data.count(b"\n", 0, at)
    fail(path, wanted, f"{found} at byte {start + at} (line {line})", do)
