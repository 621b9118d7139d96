"""Fast pass over a block of CSV text that is certainly well formed, read by Arrow."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.task.column_types import Kind
from spaceship.task.truth import SPELLINGS

_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "#N/A", "#NA"]
MISSING += ["#N/A N/A", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
"""Spellings of a missing value: those of pandas."""
TEXT: Any = pd.StringDtype("pyarrow", na_value=np.nan)
_TRUTH: Any = pd.BooleanDtype()
_BLANK_LINE = re.compile(rb"\n\r?\n")
_Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Whole rows of a CSV text: a part of some data, and the places of the quotes in it."""

    data: bytes
    start: int
    end: int
    quotes: _Places

    @classmethod
    def of(cls, data: bytes, *, start: int = 0, last: bool) -> "Block":
        r"""Return the text up to the last line end outside of quotes, all of the last block.

        >>> Block.of(b'1,"a\nb"\n2,"c\n', last=False).end
        8
        """
        quotes = np.empty(0, np.int64)
        if data.find(b'"', start) >= 0:
            quotes = _places(np.frombuffer(data, np.uint8, offset=start), _QUOTE)
        end, before = len(data), len(quotes)
        while not last:
            end = max(data.rfind(b"\n", start, end) + 1, start)
            before = int(np.searchsorted(quotes, end - start))
            if before % 2 == 0:
                break
            end = start + int(quotes[before - 1])
        return cls(data, start, end, quotes[:before])

    @cached_property
    def content(self) -> npt.NDArray[np.uint8]:
        """The bytes of the text."""
        return np.frombuffer(self.data, np.uint8, self.end - self.start, self.start)

    def rows(
        self, delimiter: str, names: Sequence[str], kinds: Mapping[str, Kind]
    ) -> pd.DataFrame | None:
        r"""Return the rows, None unless every reader would find the same rows.

        The index counts lines from 0. Columns of a kind have its type, if all of them hold such
        values alone or missing ones; the others are text.

        >>> text = Block.of(b'1,"Ann"\n\n', last=True)
        >>> text.rows(",", ["age", "name"], {"age": Kind.NUMBER}).to_dict("index")
        {0: {'age': 1.0, 'name': 'Ann'}}
        >>> Block.of(b'1,"Ann\n', last=True).rows(",", ["age", "name"], {}) is None
        True
        """
        if self._has_odd_returns() or not self._quotes_in_pairs(ord(delimiter)):
            return None
        wanted = [kinds.get(name) for name in names]
        frame, blank = self._read(delimiter, wanted, blank=False), False
        if frame is None or all(frame[at].hasnans for at in frame):  # as a blank line would read
            first = self.data[self.start : self.start + 2].startswith((b"\n", b"\r\n"))
            blank = first or _BLANK_LINE.search(self.data, self.start, self.end) is not None
            frame = self._read(delimiter, wanted, blank=True) if blank else frame
        if frame is None and any(wanted):
            frame = self._read(delimiter, [None] * len(names), blank=blank)
        lines = None if frame is None else self._lines(len(frame), blank=blank)
        if frame is None or lines is None:
            return None
        frame.index, frame.columns = lines, pd.Index(names)
        return frame

    def n_ends(self, rows: pd.DataFrame) -> int:
        """Return the number of line ends, given the rows of a block that is not the last."""
        one_each = isinstance(rows.index, pd.RangeIndex)
        return len(rows) if one_each else int(np.count_nonzero(self.content == _NEWLINE))

    def _read(
        self, delimiter: str, kinds: Sequence[Kind | None], *, blank: bool
    ) -> pd.DataFrame | None:
        """Return the rows, None if Arrow finds a fault or a value of another kind."""
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]

        types = {None: pa.large_string(), Kind.NUMBER: pa.float64(), Kind.BOOLEAN: pa.bool_()}
        names, size = [str(at) for at in range(len(kinds))], self.end - self.start
        text = pa.py_buffer(self.data).slice(self.start, size)
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(text),
                arrow_csv.ReadOptions(
                    block_size=min(max(size, 1), 2**31 - 1), column_names=names, use_threads=False
                ),
                arrow_csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=len(self.quotes) > 0,
                    ignore_empty_lines=blank,
                ),
                arrow_csv.ConvertOptions(
                    column_types={
                        name: types[kind] for name, kind in zip(names, kinds, strict=True)
                    },
                    null_values=MISSING,
                    true_values=SPELLINGS[True],
                    false_values=SPELLINGS[False],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowException:
            return None
        columns = dict[int, object]()
        for at, (column, kind) in enumerate(zip(table.columns, kinds, strict=True)):
            if kind is Kind.NUMBER:
                numbers = column.to_numpy() + 0.0  # minus zero is zero
                if np.count_nonzero(np.isnan(numbers)) != column.null_count:
                    return None  # `nAn`, which is not missing
                columns[at] = numbers
            else:
                dtype = TEXT if kind is None else _TRUTH
                columns[at] = dtype.__from_arrow__(column)
        return pd.DataFrame(columns, copy=False)

    def _lines(self, n_rows: int, *, blank: bool) -> pd.Index | None:
        """Return the line that each row starts in, None if a line may be blank or a row."""
        if not blank and not len(self.quotes):
            return pd.RangeIndex(n_rows)
        ends = _places(self.content, _NEWLINE)
        outside = np.searchsorted(self.quotes, ends) % 2 == 0
        starts = np.append(0, ends[outside] + 1)
        starts = starts[starts < len(self.content)]
        filled = ~np.isin(self.content[starts], [_NEWLINE, _RETURN])
        lines = np.searchsorted(ends, starts[filled])
        return pd.Index(lines) if len(lines) == n_rows else None

    def _has_odd_returns(self) -> bool:
        """Return whether a carriage return stands elsewhere than before a line end."""
        ends = (self.start, self.end)
        if self.data.find(b"\r", *ends) < 0:
            return False
        return self.data.count(b"\r", *ends) != self.data.count(b"\r\n", *ends)

    def _quotes_in_pairs(self, delimiter: int) -> bool:
        """Return whether each quote opens a field, closes it, or is one of two inside of it."""
        opens, closes = self.quotes[::2], self.quotes[1::2]
        if len(opens) != len(closes):
            return False
        opens, closes = opens[opens > 0], closes[closes < len(self.content) - 1]
        before, after = np.zeros((2, 256), np.bool_)
        before[[delimiter, _NEWLINE, _QUOTE]] = True
        after[[delimiter, _NEWLINE, _RETURN, _QUOTE]] = True
        content = self.content
        return bool(before[content[opens - 1]].all() and after[content[closes + 1]].all())


def _places(content: npt.NDArray[np.uint8], sign: int) -> _Places:
    return np.flatnonzero(content == sign)
