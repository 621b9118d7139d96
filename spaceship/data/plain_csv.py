"""Fast pass over a block of CSV text that is certainly well formed, read by Arrow."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "#N/A", "#NA"]
MISSING += ["#N/A N/A", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
"""Spellings of a missing value: those of pandas."""
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Whole rows of a CSV text without a header, and the places of the quotes in it."""

    data: bytes
    quotes: _Places

    @classmethod
    def of(cls, data: bytes, *, last: bool) -> "Block":
        r"""Return the text up to the last line end outside of quotes, all of the last block.

        >>> Block.of(b'1,"a\nb"\n2,"c\n', last=False).data
        b'1,"a\nb"\n'
        """
        quotes = _places(data, _QUOTE) if b'"' in data else np.empty(0, np.int64)
        end, before = len(data), len(quotes)
        while not last:
            end = data.rfind(b"\n", 0, end) + 1
            before = int(np.searchsorted(quotes, end))
            if before % 2 == 0:
                break
            end = int(quotes[before - 1])
        return cls(data if end == len(data) else data[:end], quotes[:before])

    def rows(self, delimiter: str, width: int, numbers: Collection[int]) -> pd.DataFrame | None:
        r"""Return the rows, None unless every reader would find the same rows.

        The index counts lines from 0. Columns in `numbers` are numbers, if all of them are wholly
        numbers or missing; the others are text.

        >>> Block.of(b'1,"Ann"\n\n', last=True).rows(",", 2, [0]).to_dict("index")
        {0: {0: 1.0, 1: 'Ann'}}
        >>> Block.of(b'1,"Ann\n', last=True).rows(",", 2, [0]) is None
        True
        """
        odd = b"\r" in self.data and self.data.count(b"\r") != self.data.count(b"\r\n")
        if odd or not self._quotes_in_pairs(ord(delimiter)):
            return None
        frame = self._read(delimiter, width, numbers)
        if frame is None and numbers:
            frame = self._read(delimiter, width, ())
        lines = None if frame is None else self._lines(len(frame))
        return None if frame is None or lines is None else frame.set_axis(lines)

    def _read(self, delimiter: str, width: int, numbers: Collection[int]) -> pd.DataFrame | None:
        """Return the rows, None if Arrow finds a fault, or a number that is none."""
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]
        from pyarrow import compute

        kinds = [pa.float64() if at in numbers else pa.large_string() for at in range(width)]
        names = [str(at) for at in range(width)]
        size, is_quoted = min(max(len(self.data), 1), 2**31 - 1), len(self.quotes) > 0
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(self.data),
                arrow_csv.ReadOptions(block_size=size, column_names=names, use_threads=False),
                arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=is_quoted),
                arrow_csv.ConvertOptions(
                    column_types=dict(zip(names, kinds, strict=True)),
                    null_values=MISSING,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowException:
            return None
        columns = {}
        for at, (column, kind) in enumerate(zip(table.columns, kinds, strict=True)):
            if kind == pa.float64():
                if compute.any(compute.is_nan(column)).as_py():  # `nAn`, which is not missing
                    return None
                columns[at] = column.to_numpy() + 0.0  # minus zero is zero
                continue
            columns[at] = pd.array(column, dtype=TEXT)
        return pd.DataFrame(columns)

    def _lines(self, n_rows: int) -> pd.Index | None:
        """Return the line that each row starts in, None if a line may be blank or a row."""
        content = np.frombuffer(self.data, np.uint8)
        n_lines = np.count_nonzero(content == _NEWLINE) + (not self.data.endswith(b"\n"))
        if n_lines == n_rows:
            return pd.RangeIndex(n_rows)
        ends = _places(self.data, _NEWLINE)
        outside = np.searchsorted(self.quotes, ends) % 2 == 0
        starts = np.append(0, ends[outside] + 1)
        starts = starts[starts < len(content)]
        filled = ~np.isin(content[starts], [_NEWLINE, _RETURN])
        lines = np.searchsorted(ends, starts[filled])
        return pd.Index(lines) if len(lines) == n_rows else None

    def _quotes_in_pairs(self, delimiter: int) -> bool:
        """Return whether each quote opens a field, closes it, or is one of two inside of it."""
        content = np.frombuffer(self.data, np.uint8)
        opens, closes = self.quotes[::2], self.quotes[1::2]
        if len(opens) != len(closes):
            return False
        opens, closes = opens[opens > 0], closes[closes < len(content) - 1]
        before, after = np.zeros((2, 256), np.bool_)
        before[[delimiter, _NEWLINE, _QUOTE]] = True
        after[[delimiter, _NEWLINE, _RETURN, _QUOTE]] = True
        return bool(before[content[opens - 1]].all() and after[content[closes + 1]].all())


def _places(data: bytes, sign: int) -> _Places:
    return np.flatnonzero(np.frombuffer(data, np.uint8) == sign)
