"""Predictions of all parts joined in the order of the input, in one CSV or Parquet file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from spaceship.data.submission import writing
from spaceship.files import csv_text, unfinished

_PARQUET = (".parquet", ".pq")


def is_parquet(path: str | Path) -> bool:
    """Return whether predictions are Parquet in a file of this name.

    >>> is_parquet("all.PARQUET"), is_parquet("all.csv")
    (True, False)
    """
    return Path(path).suffix.lower() in _PARQUET


def join(files: Sequence[Path], path: Path) -> list[str]:
    """Write the predictions in files that are indexed by position, and return the columns.

    The file gets its name once it is complete.

    >>> parts = [tmp_path / "0.arrow", tmp_path / "1.arrow"]
    >>> for part, positions in zip(parts, ([0, 2], [1]), strict=True):
    ...     write_predictions(pd.DataFrame({"id": positions}, index=positions), part)
    >>> join(parts, tmp_path / "all.csv")
    ['id']
    >>> (tmp_path / "all.csv").read_text().split()
    ['id', '0', '1', '2']
    """
    write = _write_parquet if is_parquet(path) else _write_csv
    with writing(path):
        temporary = unfinished(path)
        try:
            columns = write(_in_order(files), temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return columns


def write_predictions(table: pd.DataFrame, path: Path) -> None:
    """Write the predictions of a part, indexed by the position of each row in the whole table.

    >>> write_predictions(pd.DataFrame({"id": ["a"]}, index=[0]), tmp_path / "0.arrow")
    """
    made = pa.Table.from_pandas(table.set_axis(np.asarray(table.index)), preserve_index=True)
    temporary = unfinished(path)
    try:
        with pa.ipc.new_file(str(temporary), made.schema) as writer:
            writer.write_table(made)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Predictions:
    """Predictions of a part, in the order of their positions."""

    def __init__(self, path: Path) -> None:
        with pa.memory_map(str(path)) as file:
            self.table = pa.ipc.open_file(file).read_all()
        self.positions = self.table[self.table.num_columns - 1].to_numpy()

    def between(self, start: int, end: int) -> pd.DataFrame | None:
        """Return the rows from one position to another, None if there are none."""
        first, last = np.searchsorted(self.positions, [start, end])
        if last == first and len(self.positions):
            return None
        rows: pd.DataFrame = self.table.slice(first, last - first).to_pandas()
        return rows


def _in_order(files: Sequence[Path]) -> Iterator[pd.DataFrame]:
    """Yield the rows of all parts by position, as many at once as a part has.

    Only parts that were cut by a hash are open at once.
    """
    start, parts = 0, list[_Predictions]()
    for part in map(_Predictions, files):
        end = start + len(part.positions)
        if parts or not np.array_equal(part.positions, np.arange(start, end)):
            parts.append(part)
        else:
            yield part.table.to_pandas()
            start = end
    for size in [len(part.positions) for part in parts]:
        found = [part.between(start, start + size) for part in parts]
        filled = [one for one in found if one is not None]
        yield filled[0] if len(filled) == 1 else pd.concat(filled).sort_index()
        start += size


def _write_csv(chunks: Iterator[pd.DataFrame], path: Path) -> list[str]:
    columns = list[str]()
    with path.open("w", encoding="utf-8", newline="") as file:
        for chunk in chunks:
            file.write(csv_text(chunk, header=not columns))
            columns = [*map(str, chunk.columns)]
    return columns


def _write_parquet(chunks: Iterator[pd.DataFrame], path: Path) -> list[str]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    first = pa.Table.from_pandas(next(chunks), preserve_index=False)
    with pq.ParquetWriter(path, first.schema) as file:
        file.write_table(first)
        for chunk in chunks:
            file.write_table(pa.Table.from_pandas(chunk, first.schema, preserve_index=False))
    return [*first.column_names]
