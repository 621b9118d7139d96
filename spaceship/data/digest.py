"""Digest of typed frames: equal contents have equal digests, whatever file they came from."""

import hashlib

import numpy as np
import pandas as pd


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


def _canonical(column: pd.Series) -> list[bytes]:
    """Return the values as bytes that only equal values share."""
    if column.dtype == "boolean":
        column = column.astype("Int8").fillna(-1)
    if column.dtype.kind == "M":
        return [column.to_numpy("datetime64[us]").view("<i8").tobytes()]
    if column.dtype != "str":
        # adding zero makes -0.0 plain zero; all missing numbers get the same bit pattern
        numbers = column.to_numpy(np.float64, na_value=np.nan) + 0.0
        return [np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes()]
    sizes = column.str.len().fillna(-1).to_numpy("<i8")
    return [sizes.tobytes(), "".join(column.dropna().tolist()).encode()]
