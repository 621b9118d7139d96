"""Table reader: a CSV or Parquet file of raw rows, whatever its size."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from spaceship.data.csv_reader import read_csv, sniff_delimiter
from spaceship.errors import DataError, expected

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
"""Endings of a table's file; `.gz` or `.zip` may follow."""
_BIG = 20_000_000  # bytes of a plain CSV file that is read by Arrow
_BLOCK = 1 << 22
_MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "#N/A", "#NA"]
_MISSING += [" ", "#N/A N/A", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]


def read_table(path: Path | str) -> pd.DataFrame:
    """Return a file's rows: text from a CSV file, native values from a Parquet file.

    Column names are text without blanks around them. A large CSV file is read in blocks, a strict
    pass over it only finds the line of a fault. Raise DataError if the file cannot be read.

    >>> pd.DataFrame({"age": [7]}).to_parquet(tmp_path / "a.parquet")
    >>> read_table(tmp_path / "a.parquet").to_dict("list")
    {'age': [7]}
    """
    path = Path(path)
    if path.suffix == ".parquet" and path.is_file():
        return _read_parquet(path)
    if path.is_file() and path.stat().st_size > _BIG:
        found = _read_big(path)
        if found is not None:
            return found
    return read_csv(path)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        table = pq.read_table(path)
        kept = [name for name in table.column_names if not name.startswith("__index_level_")]
        frame: pd.DataFrame = table.select(kept).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        wanted = f"{path}: expected a Parquet file, found: {first}"
        raise DataError(f"{wanted}; write it again, or give a CSV file") from error
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return frame


def _read_big(path: Path) -> pd.DataFrame | None:
    """Return the rows of a plain CSV file as text; None if it is packed or something is wrong."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]

    with path.open("rb") as file:
        head = file.read(_BLOCK)
        if head.startswith((b"\x1f\x8b", b"PK\x03\x04")) or _has_nul(head, file):
            return None
    delimiter = sniff_delimiter(head)
    first = io.StringIO(head.decode("utf-8-sig", errors="replace"), newline="")
    names = next(csv.reader(first, delimiter=delimiter), [])
    if len(names) < 2 or len({*names}) < len(names):  # noqa: PLR2004
        return None
    try:
        table = arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(block_size=_BLOCK),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                null_values=_MISSING,
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:
        return None  # the strict reader finds the line
    if table.column_names != names:
        return None
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    kinds = {pa.large_string(): text}.get
    frame: pd.DataFrame = table.to_pandas(types_mapper=kinds, split_blocks=True, self_destruct=True)
    frame.columns = pd.Index([name.strip() for name in names])
    return frame


def _has_nul(head: bytes, file: io.BufferedReader) -> bool:
    """Return whether the rest of a file has a NUL byte, which Arrow would keep in a value."""
    block = head
    while block:
        if b"\0" in block:
            return True
        block = file.read(_BLOCK)
    return False


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
    name = path.name.removesuffix(".gz").removesuffix(".zip")
    return path.is_file() and not name.startswith(".") and name.endswith(SUFFIXES)


def _named(tables: dict[str, Path], stem: str) -> Path | None:
    endings = [f"{one}{packed}" for one in SUFFIXES for packed in ("", ".gz", ".zip")]
    return next((tables[name] for one in endings if (name := f"{stem}{one}") in tables), None)
