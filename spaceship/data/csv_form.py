"""Form of a CSV text: encoding, separator, a `sep=` line and title rows, as other tools write it.

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
from itertools import islice
from pathlib import Path
from typing import Self

from spaceship.data.stored_file import fail
from spaceship.errors import ConfigError, expected

log = logging.getLogger(__name__)

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What may separate fields in place of commas."""
WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""Values of `data.separator`; the sign itself is taken as well."""
SNIFFED = 1 << 18  # bytes
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


def plain_text(path: Path, data: bytes, form: CsvForm) -> tuple[bytes, str]:
    r"""Return a CSV text in UTF-8 and its separator; what is above the header is blank lines.

    Raise DataError if the text is damaged.

    >>> plain_text(Path("a.csv"), "sep=;\nid;b\n1;2\n".encode("utf-16"), CsvForm())
    (b'\nid;b\n1;2\n', ';')
    """
    data, encoding = _utf8(path, data, form)
    said = [] if encoding == "utf-8" else [f"{encoding.upper()} text"]
    found = _SEP_LINE.match(data)
    data = _SEP_LINE.sub(b"", data)
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
    return data, delimiter


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
    text = data[:SNIFFED].decode("utf-8", errors="replace")
    ends = io.StringIO(text, newline="")  # `splitlines` would cut at U+2028 and others too
    lines = [*ends]
    whole = lines if len(data) <= SNIFFED else lines[:-1]
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


def _utf8(path: Path, data: bytes, form: CsvForm) -> tuple[bytes, str]:
    """Return a text in UTF-8 without a mark, and the encoding that it was in."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _recoded(path, data.removeprefix(mark), encoding), encoding
    for start, encoding in _WIDE.items():
        if re.match(start, data):
            return _recoded(path, data, encoding), encoding
    if form.encoding is not None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _recoded(path, data, form.encoding), form.encoding
    return data, "utf-8"


def _recoded(path: Path, data: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return data
    try:
        return data.decode(encoding).encode()
    except (UnicodeError, LookupError) as error:
        found = f"bytes that are none: {error}"
        fail(path, f"{encoding.upper()} text", found, "it is damaged: export it again")


def check_utf8(path: Path, data: bytes) -> None:
    """Raise DataError unless the whole content is UTF-8.

    >>> check_utf8(Path("a.csv"), b"id")
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        new = shlex.quote(str(path.with_suffix(".utf8.csv")))
        do = "name its encoding, such as data.encoding=cp1252 (Western Europe), or convert it: "
        do += f"iconv -f CP1252 -t UTF-8 {shlex.quote(str(path))} > {new}"
        found = f"byte 0x{data[error.start]:02x} {place(data, error.start)}"
        fail(path, "UTF-8 text", found, do)


def place(data: bytes, position: int) -> str:
    r"""Return a position in a text in words.

    >>> place(b"a\nb", 2)
    'at byte 2 (line 2)'
    """
    line = data.count(b"\n", 0, position) + 1
    return f"at byte {position} (line {line})"
