"""Parts of a file to predict: typed rows of a CSV or Parquet file of any length."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from spaceship.data._base import Table
from spaceship.data.checks import check
from spaceship.data.csv_form import CsvForm
from spaceship.data.table_reader import read_table
from spaceship.task.task import Task


def read_parts(
    path: Path, task: Task, *, rows: int = 100_000, form: CsvForm | None = None
) -> Iterator[pd.DataFrame]:
    """Yield the typed rows of a file, so many at a time, numbered through from 0.

    The whole file is checked before the first part is yielded: DataError lists every fault, as
    `check` does. A file without rows has one part without rows.

    >>> people.test.to_csv(tmp_path / "new.csv", index=False)
    >>> parts = [*read_parts(tmp_path / "new.csv", task, rows=10)]
    >>> pd.concat(parts).equals(people.test), len(parts[0])
    (True, 10)
    """
    raw = read_table(path, form)
    frame = check(Table(raw, str(path)), task, labelled=False)
    for start in range(0, max(len(frame), 1), rows):
        yield frame.iloc[start : start + rows]
