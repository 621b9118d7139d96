"""Columns of texts: codes into their distinct values, and parts cut out of them by Arrow."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from spaceship.task.arrays import Floats, Ints, Mask, Values

Arrow = Any
Array = Any  # `Floats`, moments as `datetime64`, or texts as `Arrow`

_POOL = pa.system_memory_pool()  # Arrow's own keeps what it has freed
_STR: Any = pd.StringDtype(na_value=np.nan)
_EXACT = 15  # digits of a whole number that float64 holds whoever reads it
_ITEM = r"(?:\[\^?[^\[\]\\()]+\]|[\w ./-])[*+]?"
_SAME = re.compile(rf"((?:{_ITEM})*)\(((?:{_ITEM})*)\)((?:{_ITEM})*)")
"""Patterns that mean the same to Python and to Arrow: letters, classes, `*`, `+` and one group."""

_BLANK, _DELETE = 0x20, 0x7F  # bytes between them are signs of their own and no blanks


@dataclass(frozen=True)
class Texts:
    """Texts `(n_rows,)` as codes into levels, each of them once; a missing text has the code -1.

    >>> Texts.of(pa.array(["Mars", None, "Mars"]))
    Texts(codes=array([ 0, -1,  0], dtype=int32), levels=['Mars'])
    """

    codes: Ints
    levels: list[str]

    @classmethod
    def of(cls, texts: Arrow) -> Self:
        """Return the texts of an Arrow array."""
        encoded = pc.dictionary_encode(texts, memory_pool=_POOL)
        return cls(_codes(encoded), encoded.dictionary.to_pylist())

    @classmethod
    def named(cls, codes: Ints, names: Sequence[str | None]) -> Self:
        """Return the texts with a name for each code; names may be equal, or None for missing.

        >>> Texts.named(np.array([0, 1, 2, -1]), ["Mars", "Earth", "Mars"])
        Texts(codes=array([ 0,  1,  0, -1], dtype=int32), levels=['Mars', 'Earth'])
        """
        found: dict[str, int] = {}
        own = [-1 if name is None else found.setdefault(name, len(found)) for name in names]
        return cls(np.array([*own, -1], dtype=np.int32)[codes], [*found])

    def renamed(self, name: Callable[[str], str | None]) -> Self:
        """Return the texts with the name that a function gives each level; None is missing."""
        return self.named(self.codes, [name(one) for one in self.levels])

    def are(self, level: str) -> Mask:
        """Return True where the text is the level."""
        return np.array([*(x == level for x in self.levels), False], np.bool_)[self.codes]

    def filled(self, other: Self) -> Self:
        """Return the texts, those of another column where one is missing.

        >>> Texts.of(pa.array(["A", None])).filled(Texts.of(pa.array(["B", "C"]))).codes
        array([0, 2], dtype=int32)
        """
        theirs = np.where(other.codes < 0, -1, other.codes + len(self.levels))
        codes = np.where(self.codes < 0, theirs, self.codes)
        return self.named(codes, [*self.levels, *other.levels])

    def rows(self, positions: Values) -> Self:
        """Return the texts of the rows at some positions."""
        return type(self)(self.codes[positions], self.levels)

    def beside(self, other: Self) -> Self:
        """Return each row's two texts as one; missing where one of them is.

        >>> Texts.of(pa.array(["A", "B"])).beside(Texts.of(pa.array(["P", None]))).levels
        ['AP']
        """
        width = len(other.levels) + 1  # its last code is that of a missing text
        codes, pairs = pd.factorize((self.codes + 1) * np.int64(width) + (other.codes + 1))
        names = [
            self.levels[first - 1] + other.levels[second - 1] if first and second else None
            for first, second in (divmod(pair, width) for pair in pairs.tolist())
        ]
        return self.named(codes, names)

    def mapped(self, numbers: Mapping[str, float]) -> Floats:
        """Return the number of each row's level, 0 of one that has none, NaN of a missing text.

        >>> Texts.of(pa.array(["a", "b", None])).mapped({"a": 7})
        array([ 7.,  0., nan])
        """
        found = [numbers.get(level, 0.0) for level in self.levels]
        return np.array([*found, np.nan], dtype=np.float64)[self.codes]

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each level, by name.

        >>> Texts.of(pa.array(["b", "a", "b", None])).counts()
        {'a': 1, 'b': 2}
        """
        counts = np.bincount(self.codes + 1, minlength=len(self.levels) + 1)[1:].tolist()
        return {name: n for name, n in sorted(zip(self.levels, counts, strict=True)) if n}

    def array(self) -> object:
        """Return the texts as an array of pandas' type `str`."""
        codes = pa.array(self.codes, mask=self.codes < 0)
        return _STR.__from_arrow__(pa.array(self.levels, pa.large_string()).take(codes))


def as_arrow(column: pd.Series) -> Arrow:
    """Return a column's values as texts in one Arrow array.

    >>> as_arrow(pd.Series(["Ulm", None])).to_pylist()
    ['Ulm', None]
    """
    texts = pa.array((column if column.dtype == "str" else column.astype("str")).array)
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    return texts.chunk(0) if texts.num_chunks == 1 else texts.combine_chunks()


def as_column(texts: Arrow, index: pd.Index | None = None, name: object = None) -> pd.Series:
    """Return texts of Arrow as a column of pandas' type `str`.

    >>> as_column(pa.array(["Ulm"]), pd.RangeIndex(1)).dtype
    <StringDtype(na_value=nan)>
    """
    return pd.Series(_STR.__from_arrow__(texts), index, name=name)


def to_text(column: pd.Series) -> pd.Series:
    """Return a column as text without blanks around it, itself if it is; empty ones are missing.

    Whole numbers have no decimals, whatever stands beside them.

    >>> to_text(pd.Series([7.0, None])).tolist(), to_text(pd.Series([" a", 7.0])).tolist()
    (['7', nan], ['a', '7'])
    """
    if column.dtype == object:
        whole = (isinstance(one, float) and one.is_integer() for one in column)
        texts = [str(x).removesuffix(".0") if y else x for x, y in zip(column, whole, strict=True)]
        column = pd.Series(texts, column.index, dtype=object, name=column.name)
    text = column if column.dtype == "str" else column.astype("str")
    if column.dtype == np.float64:
        text = text.str.removesuffix(".0")
    raw = pa.array(text.array)
    found = stripped(raw)
    return text if found is raw else as_column(found, text.index, text.name)


def stripped(texts: Arrow) -> Arrow:
    """Return texts without blanks around them, empty ones missing; themselves if none changes.

    >>> stripped(pa.array([" a", " ", None], pa.large_string())).to_pylist()
    ['a', None, None]
    """
    if is_plain(texts):
        return texts
    trimmed = pc.utf8_trim_whitespace(texts)
    found = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    return texts if found.equals(texts) else found


def is_plain(texts: Arrow) -> bool:
    """Return whether no text is empty or has a blank at an end, by bytes; False says nothing.

    >>> [is_plain(pa.array(one, pa.large_string())) for one in (["a", None, "b c"], ["a "])]
    [True, False]
    """
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        if chunk.type != pa.large_string():
            return False
        _, places, data = chunk.buffers()
        starts = np.frombuffer(places, np.int64, len(chunk) + 1, 8 * chunk.offset)
        starts, ends = starts[:-1], starts[1:]
        filled = ends > starts
        if np.count_nonzero(filled) != len(chunk) - chunk.null_count:
            return False
        if chunk.null_count:
            starts, ends = starts[filled], ends[filled]
        if len(starts):
            content = np.frombuffer(data, np.uint8)
            outer = content[starts], content[ends - 1]
            if min(map(np.min, outer)) <= _BLANK or max(map(np.max, outer)) >= _DELETE:
                return False
    return True


def codes_of(texts: Arrow) -> Ints:
    """Return the number of each row's text among the distinct ones; -1 for a missing text.

    >>> codes_of(pa.array(["Ulm", "Bern", None, "Ulm"])).tolist()
    [0, 1, -1, 0]
    """
    return _codes(pc.dictionary_encode(texts, memory_pool=_POOL))


def _codes(encoded: Arrow) -> Ints:
    return np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False))


def split(texts: Arrow, pattern: str) -> list[Arrow]:
    """Return the parts of texts that match the named groups of Arrow's regular expression.

    A part that a text does not have is empty; the parts of a missing text are missing.

    >>> [part.to_pylist() for part in split(pa.array(["7_1", None]), "(?P<a>[0-9])_(?P<b>[0-9])")]
    [['7', None], ['1', None]]
    """
    return [*pc.extract_regex(texts, pattern, memory_pool=_POOL).flatten()]


def cut(texts: Arrow, pattern: str, *, to_end: bool = False) -> Arrow:
    """Return what the first group of a pattern finds at the start of each text, else missing.

    With `to_end` the pattern has to match the whole text.

    >>> cut(pa.array(["F/12/S", None]), "[^/]*/([^/]*)").to_pylist()
    ['12', None]
    """
    end = "$" if to_end else ""
    if same := _SAME.fullmatch(pattern):
        before, group, after = same.groups()
        return split(texts, f"^{before}(?P<part>{group}){after}{end}")[0]
    search = re.compile(f"^(?:{pattern}){end}").search
    found = (None if one is None else search(one) for one in texts.to_pylist())
    return pa.array([one and one[1] for one in found], pa.large_string())


def as_numbers(texts: Arrow) -> Floats:
    """Return texts as numbers, NaN for one that is none, each whatever the others are.

    >>> as_numbers(pa.array(["12", "1e3", "x", None])).tolist()
    [12.0, 1000.0, nan, nan]
    """
    whole = pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), _EXACT))
    exact = pc.if_else(whole, texts, None).cast(pa.float64())
    found: Floats = exact.to_numpy(zero_copy_only=False)
    rest = np.flatnonzero(pc.invert(whole).fill_null(False).to_numpy(zero_copy_only=False))
    if len(rest):
        found = found.copy()  # Arrow's own memory is read only
        found[rest] = pd.to_numeric(texts.take(rest).to_pandas(), errors="coerce")
    return found
