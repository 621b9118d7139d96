"""Texts of a column without blanks around them; a column that has none stays itself."""

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]


def to_text(column: pd.Series) -> pd.Series:
    """Return a column as text without blanks around it; missing and empty values are NaN.

    Whole numbers have no decimals.

    >>> to_text(pd.Series([" a", "", 7.0])).tolist(), to_text(pd.Series([7.0, None])).tolist()
    (['a', nan, '7.0'], ['7', nan])
    """
    if column.dtype == "str":
        text = column
    elif column.dtype == np.float64:
        text = column.astype("str").str.removesuffix(".0")
    else:
        text = column.astype("str")
    if is_plain_text(text):
        return text
    raw = pa.array(text.array)
    stripped = pc.utf8_trim_whitespace(raw)
    empty = pc.equal(stripped, "")
    if not pc.any(empty).as_py():
        return text if stripped.equals(raw) else _of_arrow(stripped, text)
    return _of_arrow(pc.if_else(empty, None, stripped), text)


_BLANK, _DELETE = 0x20, 0x7F
"""Bytes between them are signs of their own and no blanks."""


def is_plain_text(column: pd.Series) -> bool:
    """Return whether no text of a column is empty, or begins or ends with a blank.

    Only bytes at the ends are looked at: False says nothing.

    >>> is_plain_text(pd.Series(["a", None, "b c"])), is_plain_text(pd.Series(["a "]))
    (True, False)
    """
    texts = pa.array(column.array)
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


def _of_arrow(texts: pa.Array, like: pd.Series) -> pd.Series:
    """Return texts of Arrow as a column under the index and the name of another one."""
    return pd.Series(
        like.dtype.__from_arrow__(texts),  # type: ignore[union-attr]
        like.index,
        name=like.name,
    )
