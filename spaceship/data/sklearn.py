"""Tables that come with scikit-learn as a data source: they need no file and no network."""

import hashlib
from typing import ClassVar

import pandas as pd

from spaceship.data._base import DataSource, Table, Tables
from spaceship.errors import ConfigError, expected
from spaceship.task.task import Task

TABLES = ("breast_cancer", "diabetes", "wine")
"""Names of the tables, which are those of the built-in tasks on them."""
_VERSION = 1  # raise it when the same table is returned in other values


class SklearnData(DataSource):
    """One of scikit-learn's packaged tables, its label in words; there is no test part.

    >>> SklearnData("wine").read(task).train.frame["cultivar"].unique().tolist()
    ['first', 'second', 'third']
    """

    name: ClassVar[str] = "sklearn"

    def __init__(self, table: str) -> None:
        """Keep the name; nothing is read yet."""
        self.table = table

    def check(self, task: Task | None) -> None:
        """Raise ConfigError if scikit-learn has no such table."""
        del task
        _check(self.table)

    def fingerprint(self, task: Task) -> str:
        """Return a hash of the table's values."""
        del task
        frame = _read(self.table)
        sha = hashlib.sha256(f"{_VERSION} {self.table} {[*frame.columns]}".encode())
        sha.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return sha.hexdigest()

    def read(self, task: Task) -> Tables:
        """Return the table, all of it labelled."""
        del task
        return Tables(Table(_read(self.table), f"scikit-learn's {self.table}"))


def _check(table: str) -> None:
    if table not in TABLES:
        wanted = f"data.table to be one of {', '.join(TABLES)}"
        do = "choose task= one of these, or your own files: data=local data.dir=FOLDER"
        raise ConfigError(expected(wanted, repr(table), do))


def _read(table: str) -> pd.DataFrame:
    """Return the rows of a table under plain names of columns."""
    from sklearn import datasets

    _check(table)
    if table == "diabetes":
        loaded = datasets.load_diabetes(as_frame=True, scaled=False)  # in units, not standardised
        frame: pd.DataFrame = loaded.frame
        return frame.rename(columns={"target": "progression"})
    loaded = getattr(datasets, f"load_{table}")(as_frame=True)
    name, words = {
        "breast_cancer": ("diagnosis", ("malignant", "benign")),
        "wine": ("cultivar", ("first", "second", "third")),
    }[table]
    label = loaded.target.map(dict(enumerate(words)))
    data: pd.DataFrame = loaded.data
    return data.assign(**{name: label})
