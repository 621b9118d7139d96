"""Size of a table in a file, estimated from its bytes and its first rows."""

import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from io import BufferedReader, BytesIO
from pathlib import Path

import pandas as pd

from spaceship.data.csv_form import BLOCK, CsvForm
from spaceship.data.draw import Sample
from spaceship.data.memory import TableSize
from spaceship.data.stored_file import opened
from spaceship.data.table_reader import PARQUET, table_parts
from spaceship.task.column_types import Kind

SMALL = BLOCK
"""Bytes of files that any machine can take, so that none is opened for an estimate."""
_FIRST = 2000  # rows of a Parquet file that are read, however many columns it has
_START = 1 << 20  # bytes that tell how long rows are, and how small they pack


def file_size(
    path: Path,
    form: CsvForm | None = None,
    kinds: Mapping[str, Kind] | None = None,
    sample: Sample | None = None,
) -> TableSize:
    """Return about how many rows a file has, those of a sample of it, and their bytes in memory.

    A Parquet file says how many; of a CSV file the first rows tell, of a packed one how small its
    first bytes pack, too, unless the archive says how long it is.

    >>> people.train.to_csv(tmp_path / "rows.csv", index=False)
    >>> 0.9 < file_size(tmp_path / "rows.csv").rows / len(people.train) < 1.1
    True
    """
    first = next(table_parts(path, form, kinds, rows=_FIRST))
    length = float(first.memory_usage(index=False).sum()) / max(len(first), 1)
    rows = _rows(path, first)
    return TableSize(rows if sample is None else sample.rows_of(rows), length)


def _rows(path: Path, first: pd.DataFrame) -> float:
    """Return about how many rows a table has whose first part is known."""
    with opened(path) as stream:
        is_packed = not isinstance(stream, BufferedReader)
        start = stream.read(_START)
        stream.seek(0)
        if start.startswith(PARQUET):
            import pyarrow.parquet as pq  # type: ignore[import-untyped]

            content = BytesIO(stream.read()) if is_packed else stream
            return float(pq.ParquetFile(content).metadata.num_rows)
    size = float(path.stat().st_size)
    if is_packed:
        size *= len(start) / len(zlib.compress(start))
    name = getattr(getattr(stream, "packed", None), "name", "")
    if zipfile.is_zipfile(path):  # which may hold other files, too
        with suppress(KeyError), zipfile.ZipFile(path) as archive:
            size = float(archive.getinfo(name).file_size)
    return len(first) * max(size / BLOCK, 1.0)
