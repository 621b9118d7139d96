"""Files of raw rows that may be large, and those of a folder that look like train and test."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from spaceship.data.csv_reader import sniff_delimiter
from spaceship.data.local import read_table
from spaceship.errors import DataError, expected

PARQUET = (".parquet", ".pq")
SUFFIXES = (".csv", ".tsv", ".txt", *PARQUET)
"""Endings of a table's file; `.gz` or `.zip` may follow."""
_BIG = 20_000_000  # bytes of a plain CSV file that is read by Arrow
_BLOCK = 1 << 22
_MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "#N/A", "#NA"]
_MISSING += ["#N/A N/A", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]


def read_rows(path: Path) -> pd.DataFrame:
    r"""Return the raw rows that `read_table` returns, in seconds where a CSV file is large.

    The rows of a large file have no line numbers, and text after a closing quote is no fault.

    >>> _ = (tmp_path / "a.csv").write_text("id,age\n1,7\n")
    >>> read_rows(tmp_path / "a.csv").to_dict("list")
    {'id': ['1'], 'age': ['7']}
    """
    is_big = path.is_file() and path.suffix not in PARQUET and path.stat().st_size > _BIG
    found = _read_big(path) if is_big else None
    return read_table(path) if found is None else found


def _read_big(path: Path) -> pd.DataFrame | None:
    """Return the rows of a plain CSV file as text; None if it is packed or something is wrong."""
    import pyarrow as pa  # type: ignore[import-untyped]
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
