"""Rows of a CSV text, one by one: fields, line numbers and where each row ends."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator

_LONGEST = 2**31 - 1  # signs of a field


class Records:
    r"""Rows of a text, read by Python's csv module, and where the last one ended.

    >>> records = Records([b"1,Ann\n\n2,Bob\n"], ",", line=2)
    >>> [*records], records.line, records.size
    ([(2, ['1', 'Ann']), (4, ['2', 'Bob'])], 5, 13)
    """

    def __init__(self, blocks: Iterable[bytes], delimiter: str, line: int) -> None:
        """Keep the text, which starts in a line of its file."""
        csv.field_size_limit(_LONGEST)  # the text of a book is a field
        self.blocks, self.delimiter = blocks, delimiter
        self.line, self.size = line, 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the fields of each row that is not blank."""
        text, size, first = "", 0, self.line

        def lines() -> Iterator[str]:
            nonlocal text, size
            for text in _lines(self.blocks):
                size += len(text.encode())
                yield text

        reader = csv.reader(lines(), delimiter=self.delimiter, strict=True)
        for fields in reader:
            line, self.line, self.size = self.line, first + reader.line_num, size
            if len(fields) > 1 or text.strip(" \t\r\n"):
                yield line, fields


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    rest = ""
    for text in codecs.iterdecode(blocks, "utf-8", "replace"):
        *whole, rest = [*io.StringIO(rest + text, newline="")] or [""]
        yield from whole
    if rest:
        yield rest


def is_certain(error: csv.Error) -> bool:
    """Return whether no further line can mend a row, as one that closes a quote could.

    >>> is_certain(csv.Error("unexpected end of data"))
    False
    """
    return "expected after" in str(error)
