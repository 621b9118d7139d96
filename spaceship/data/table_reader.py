"""Table reader: the rows of a CSV or Parquet file, known by content, and the tables of a folder."""

import logging
import re
from collections.abc import Iterator, Mapping
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pandas as pd

from spaceship.data.csv_form import CsvForm
from spaceship.data.csv_reader import csv_parts, joined
from spaceship.data.native_values import with_native_values
from spaceship.data.stored_file import fail, opened
from spaceship.errors import DataError, expected
from spaceship.task.column_types import Kind

if TYPE_CHECKING:
    from pyarrow import RecordBatch  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
"""Endings of a table's file; one of PACKED may follow."""
PACKED = (".gz", ".zip", ".bz2", ".xz")
PARQUET = b"PAR1"
"""First and last bytes of a Parquet file."""
_ROWS = 1 << 16  # of a part of a Parquet file
_INDEX = "__index_level_"  # pandas' name for the column of an index without one


def read_table(path: Path | str, form: CsvForm | None = None) -> pd.DataFrame:
    """Return the raw rows of a file: text from a CSV file, native values from a Parquet file.

    Either may be packed; the content tells, whatever the name. Raise DataError if it cannot be
    read.

    >>> people.train.to_parquet(tmp_path / "rows.parquet")
    >>> len(read_table(tmp_path / "rows.parquet")) == len(people.train)
    True
    """
    return joined(table_parts(Path(path), form, is_whole=True))


def table_parts(
    path: Path,
    form: CsvForm | None = None,
    kinds: Mapping[str, Kind] | None = None,
    *,
    is_whole: bool = False,
    rows: int = _ROWS,
) -> Iterator[pd.DataFrame]:
    """Yield the raw rows of a file part by part, at least one part, in bounded memory.

    A Parquet file that is read whole has one part, else parts of so many rows; those of a CSV file
    are those of `csv_parts`.

    >>> people.train.to_parquet(tmp_path / "rows.parquet")
    >>> [part] = table_parts(tmp_path / "rows.parquet", is_whole=True)
    """
    with opened(path) as stream:
        start = stream.read(len(PARQUET))
        stream.seek(0)
        if start == PARQUET or path.suffix in {".parquet", ".pq"}:
            yield from _parquet_parts(path, stream, None if is_whole else rows)
        else:
            yield from csv_parts(path, stream, form, kinds)


def parquet_rows(path: Path, data: bytes) -> pd.DataFrame:
    """Return the rows of a Parquet file's content in native values; the path is for messages.

    >>> parquet_rows(Path("a.parquet"), pd.DataFrame({"age": [7]}).to_parquet())["age"].tolist()
    [7]
    """
    return next(_parquet_parts(path, BytesIO(data), None))


def _parquet_parts(path: Path, stream: BinaryIO, rows: int | None) -> Iterator[pd.DataFrame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        is_packed = not isinstance(stream, BufferedReader)  # and slow to seek in
        file = pq.ParquetFile(BytesIO(stream.read()) if is_packed else stream)
        kept = [at for at, one in enumerate(file.schema_arrow.names) if not one.startswith(_INDEX)]
        names = [file.schema_arrow.names[at].strip() for at in kept]
        batches = [file.read()] if rows is None else _batches(file, rows)
        for batch in batches if file.metadata.num_rows else [file.schema_arrow.empty_table()]:
            table = pa.table([batch.column(at) for at in kept], [*map(str, kept)])  # names repeat
            frame = table.to_pandas(ignore_metadata=True).set_axis(names, axis="columns")
            yield with_native_values(frame)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        fail(path, "a whole Parquet file", first, "write it again, or give a CSV file")


def _batches(file: "ParquetFile", rows: int) -> "Iterator[RecordBatch]":
    """Yield batches of at most so many rows; a reader of its own for each row group, or several.

    A reader keeps the bytes of all row groups that it has read.
    """
    held, n_held = list[int](), 0
    for at in range(file.num_row_groups):
        held.append(at)
        n_held += file.metadata.row_group(at).num_rows
        if n_held >= rows or at == file.num_row_groups - 1:
            yield from file.iter_batches(rows, row_groups=held)
            held, n_held = [], 0


def present(path: Path) -> Path:
    """Return the path of a table, or that of the only table of nearly the same name beside it.

    Such a name differs in its ending, in case, blanks or signs; a plain file goes before a packed
    one. Raise DataError if there are several others.

    >>> _ = (tmp_path / "Train.parquet").write_bytes(b"PAR1")
    >>> present(tmp_path / "train.csv").name
    'Train.parquet'
    """
    for one in (path, *(path.with_name(f"{path.name}{ending}") for ending in PACKED)):
        if one.exists() or one.is_symlink():
            return one
    others = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    near = [one for one in others if _is_table(one) and _plain_name(one) == _plain_name(path)]
    if len(near) > 1:
        do = f"keep one of them there, or give the files as data.train={near[0]} data.test=FILE"
        fail(path, "a CSV file", f"{' and '.join(one.name for one in near)} in its place", do)
    if near:
        log.info("%s: read as %s", near[0], path.name)
    return near[0] if near else path


def _plain_name(path: Path) -> str:
    """Return a name in lower case, without the endings of tables, blanks and signs."""
    name = path.name.casefold()
    for ending in (*PACKED, *SUFFIXES):
        name = name.removesuffix(ending)
    return re.sub(r"[\W_]", "", name)


def find_files(folder: Path) -> tuple[Path, Path | None, Path | None]:
    """Return the files of train, test and sample submission of a folder, the latter two if there.

    Train is `train.csv` or the like; without one it is the only table of the folder.

    >>> _ = (tmp_path / "churn.csv").write_text("a,b")
    >>> find_files(tmp_path)[0].name
    'churn.csv'
    """
    do = "give the folder as data.dir=DIR, or the file as data.train=FILE"
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing there"
        raise DataError(expected(f"data.dir={folder} to be a folder", found, do))
    tables = {one.name: one for one in sorted(folder.iterdir()) if _is_table(one)}
    test, sample = _named(tables, "test"), None
    for stem in ("sample_submission", "sampleSubmission", "gender_submission"):
        sample = sample or _named(tables, stem)
    train = _named(tables, "train")
    others = [one for one in tables.values() if one not in {test, sample}]
    if train is None and len(others) == 1:
        train = others[0]
    if train is None:
        found = ", ".join([one.name for one in others][:5]) or "none"
        do = "give one of them as data.train=FILE" if others else do
        raise DataError(expected(f"train.csv or a single table in {folder}", found, do))
    return train, test, sample


def _is_table(path: Path) -> bool:
    name = path.name.casefold()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return path.is_file() and not name.startswith(".") and name.endswith(SUFFIXES)


def _named(tables: dict[str, Path], stem: str) -> Path | None:
    endings = [f"{one}{packed}" for one in SUFFIXES for packed in ("", *PACKED)]
    return next((tables[name] for one in endings if (name := f"{stem}{one}") in tables), None)
