"""Digests of tables: equal contents have equal digests, whatever file they came from."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

Hashes = npt.NDArray[np.uint64]
_SHOWN = 16  # hexadecimal digits of the digest of a column
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MISSING = np.uint64(0x7FF8DEADBEEF0001)


@dataclass(frozen=True)
class TableDigest:
    """Digests of a table, by which the first column that differs is found."""

    digest: str  # of the names and values of all columns, in their order and that of the rows
    rows: int = 0
    unordered: str = ""  # equal for the same rows in another order
    columns: dict[str, str] = field(default_factory=dict)  # by column; of a model by step


def digest(*frames: pd.DataFrame) -> str:
    """Return the sha256 of the names, types, values and row order of typed frames, in hex.

    The index does not count, nor does the storage behind a type: the same rows have the same
    digest whatever source, process or file format they came from.

    >>> digest(people.train, people.test) == people.digest
    True
    """
    sha = hashlib.sha256()
    for frame in frames:
        sha.update(f"frame {frame.shape}".encode())
        for name, column in frame.items():
            sha.update(f"{name}\0{column.dtype}\0".encode())
            for part in _canonical(column):
                sha.update(part)
    return sha.hexdigest()


def table_digest(table: pd.DataFrame | npt.NDArray[np.float64]) -> tuple[TableDigest, Hashes]:
    """Return the digests of a table, and a hash of each row; the index does not count.

    >>> plans = pd.DataFrame({"plan": ["a", None], "fee": [1.0, 2.0]})
    >>> one, other = (table_digest(plans[::step])[0] for step in (1, -1))
    >>> one.unordered == other.unordered, one.digest == other.digest
    (True, False)
    """
    frame = pd.DataFrame(table)
    columns, rows = {}, np.zeros(len(frame), np.uint64)
    for name, column in frame.items():
        values, kind = _hashes(column)
        columns[str(name)] = short_digest(kind, values.tobytes())
        rows = mixed(rows, values)
    whole = short_digest(*(f"{name} {one}" for name, one in columns.items()), str(len(frame)))
    return TableDigest(whole, len(frame), f"{rows.sum(dtype=np.uint64):016x}", columns), rows


def mixed(rows: Hashes, values: Hashes) -> Hashes:
    """Return hashes of rows with one more value each, whose place among the values counts.

    >>> start, one, other = (np.full(1, number, np.uint64) for number in range(3))
    >>> mixed(mixed(start, one), other) == mixed(mixed(start, other), one)
    array([False])
    """
    more = (rows ^ values) * _PRIME
    return np.asarray((more ^ (more >> np.uint64(32))) * _PRIME + np.uint64(1))


def short_digest(*parts: str | bytes) -> str:
    """Return 16 hexadecimal digits that depend on each part, and on where it ends.

    >>> short_digest("ab", "c") == short_digest("a", "bc")
    False
    """
    sha = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        sha.update(f"{len(content)} ".encode())
        sha.update(content)
    return sha.hexdigest()[:_SHOWN]


def _hashes(column: pd.Series) -> tuple[Hashes, str]:
    """Return a hash of each value, and the kind of the column, categories in their order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        known, kind = _hashes(pd.Series(column.cat.categories))
        codes = column.cat.codes.to_numpy()
        return np.append(known, _MISSING)[codes], f"category of {kind} {known.tolist()}"
    if (numbers := _numbers(column)) is not None:
        return numbers.view(np.uint64), str(column.dtype)
    texts = _texts(column).dictionary_encode()
    known = pd.util.hash_array(texts.dictionary.to_numpy(zero_copy_only=False), categorize=False)
    places = texts.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    return np.append(known, _MISSING)[places], "str"


def _canonical(column: pd.Series) -> list[bytes | memoryview]:
    """Return the values as bytes that only equal values share."""
    if (numbers := _numbers(column)) is not None:
        return [numbers.tobytes()]
    texts = _texts(column)
    sizes = pc.fill_null(pc.utf8_length(texts), -1).to_numpy(zero_copy_only=False)
    known = texts.drop_null().cast(pa.large_string())
    _, places, content = known.buffers()
    ends = np.frombuffer(places or bytes(8), np.int64)[known.offset : known.offset + len(known) + 1]
    return [sizes.astype("<i8").tobytes(), memoryview(content or b"")[ends[0] : ends[-1]]]


def _numbers(column: pd.Series) -> npt.NDArray[np.int64 | np.float64] | None:
    """Return the values as 64-bit numbers whose bits only equal values share; None of text."""
    if column.dtype == "boolean":
        column = column.astype("Int8").fillna(-1)
    if column.dtype.kind == "M":
        return column.to_numpy("datetime64[us]").view("<i8")
    if column.dtype in ("str", "object"):
        return None
    # adding zero makes -0.0 plain zero; all missing numbers get the same bit pattern
    numbers = column.to_numpy(np.float64, na_value=np.nan) + 0.0
    return np.where(np.isnan(numbers), np.nan, numbers).astype("<f8")


def _texts(column: pd.Series) -> pa.Array:
    texts = pa.array(column.array)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
