"""Digest of typed frames: equal contents have equal digests, whatever file they came from."""

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]


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


def _canonical(column: pd.Series) -> list[bytes | memoryview]:
    """Return the values as bytes that only equal values share."""
    if column.dtype == "boolean":
        column = column.astype("Int8").fillna(-1)
    if column.dtype.kind == "M":
        return [column.to_numpy("datetime64[us]").view("<i8").tobytes()]
    if column.dtype != "str":
        # adding zero makes -0.0 plain zero; all missing numbers get the same bit pattern
        numbers = column.to_numpy(np.float64, na_value=np.nan) + 0.0
        return [np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes()]
    texts = pa.array(column.array)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    sizes = pc.fill_null(pc.utf8_length(texts), -1).to_numpy(zero_copy_only=False)
    known = texts.drop_null().cast(pa.large_string())
    _, places, content = known.buffers()
    ends = np.frombuffer(places or bytes(8), np.int64)[known.offset : known.offset + len(known) + 1]
    return [sizes.astype("<i8").tobytes(), memoryview(content or b"")[ends[0] : ends[-1]]]
