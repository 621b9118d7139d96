"""Database as a data source: tables or queries of PostgreSQL, SQLite or DuckDB, read only."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship.data._base import DataSource, Table, Tables
from spaceship.data.csv_reader import joined
from spaceship.data.databases import Database, DuckDb, Postgres, Row, Sqlite
from spaceship.data.memory import TableSize
from spaceship.data.native_values import native_column
from spaceship.errors import ConfigError, DataError, SpaceshipError, expected
from spaceship.task.raw_frame import closest
from spaceship.task.task import Task
from spaceship.text import first_few

_FORMS = "postgresql://USER@HOST/DATABASE (see PGPASSWORD), sqlite:///FILE or duckdb:///FILE"
_DATABASES: dict[str, type[Database]] = {
    "postgresql": Postgres,
    "postgres": Postgres,
    "sqlite": Sqlite,
    "duckdb": DuckDb,
}
_QUERY = re.compile(r"\s*(select|with|values|from)\s", re.IGNORECASE)
_FEW = 1000  # rows that tell how large the others are
_VALUE_BYTES = 15  # a value is a Python object while rows are fetched; over `memory.TIMES`
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)


class SqlData(DataSource):
    """Data set of a database; `train` and `test` are each a table's name or a SELECT query.

    Rows come in the order of the query's ORDER BY. Without one a database promises no order, so
    they are sorted: by the task's id, else by a hash of their contents. No message holds the
    password of the URL.

    >>> import sqlite3
    >>> with sqlite3.connect(tmp_path / "a.db") as connection:
    ...     _ = connection.execute("CREATE TABLE people AS SELECT 1 AS id, 'b' AS plan")
    >>> source = SqlData(f"sqlite:///{tmp_path}/a.db", "people")
    >>> source.read(task).train.frame.to_dict("list")
    {'id': [1], 'plan': ['b']}
    """

    name: ClassVar[str] = "sql"
    outside: ClassVar[bool] = True

    def __init__(self, url: str | None, train: str | None, test: str | None = None) -> None:
        """Keep URL and queries; nothing is read yet."""
        given = {"train": train, "test": test}
        self._queries = {part: str(text) for part, text in given.items() if text is not None}
        self._url = None if url is None else _from_any_folder(str(url))
        self._fetched: Tables | None = None

    def check(self, task: Task | None) -> None:
        """Raise ConfigError if the address or the query of the labelled rows cannot be used."""
        del task
        _ = self._database  # first: its URL may be unusable
        if not (train := self._queries.get("train", "")).strip():
            do = "give data.train=TABLE, or 'data.train=\"SELECT … FROM …\"'"
            raise ConfigError(expected("a table or a query with the label", repr(train), do))

    def fingerprint(self, task: Task) -> dict[str, str]:
        """Return a hash of the rows that each query gives now: names, types, values in order."""
        self._fetched = self._fetch(task)
        return {part: _content(getattr(self._fetched, part).frame) for part in self._queries}

    def read(self, task: Task) -> Tables:
        """Return the raw tables; those that the fingerprint was taken of, if it was just taken."""
        fetched, self._fetched = self._fetched, None
        return fetched or self._fetch(task)

    @cached_property
    def _database(self) -> Database:
        return _database(self._url)

    def _fetch(self, task: Task) -> Tables:
        """Return the result of each query, all from one state of the database."""
        self.check(task)
        made = {}
        try:
            with self._database.connected():
                for part, text in self._queries.items():
                    made[part] = self._table(part, text, task)
        except self._database.errors() as error:
            found = self._database.hide(next(iter(str(error).strip().splitlines()), ""))
            kind = type(error).__name__
            do = "check data.url, data.train and data.test, and that the server runs"
            wanted = f"{self._database.shown} to answer"
            raise DataError(f"data=sql: {expected(wanted, found or kind, do)}") from None
        return Tables(**made)

    def _table(self, part: str, text: str, task: Task) -> Table:
        query = self._select(part, text.strip().rstrip(";"))
        if self.sample is None or part != "train":
            parts, whole = [_frame(*self._database.rows(query))], 0
        else:
            self._database.rows(_first(query, 1))  # raises for what is no single query
            drawn = (_frame(*one) for one in self._database.parts(query))
            parts, whole = self.sample.draw(drawn, task)
        frame = joined(parts)
        if not _ORDERED.search(query):
            frame = _sorted(frame, task)
        return Table(frame, f"data.{part} of {self._database.shown}", drawn_from=whole)

    def size(self, task: Task) -> TableSize | None:
        """Return the counted rows of the queries; None where the database does not answer."""
        self.check(task)
        sizes = []
        with suppress(SpaceshipError, *self._database.errors()), self._database.connected():
            for part, text in self._queries.items():
                query = self._select(part, text.strip().rstrip(";"))
                first = _frame(*self._database.rows(_first(query, _FEW)))
                _, [(count,)] = self._database.rows(f"SELECT count(*) FROM ({query}\n) AS counted")  # noqa: S608
                bytes_ = first.memory_usage(index=False, deep=True).sum() / max(len(first), 1)
                drawn = self.sample is not None and part == "train"
                rows = self.sample.rows_of(count) if drawn and self.sample else count
                sizes.append(TableSize(rows, bytes_ + _VALUE_BYTES * first.shape[1]))
        return TableSize.both(*sizes) if len(sizes) == len(self._queries) else None

    def _select(self, part: str, text: str) -> str:
        """Return the query for a table's name or a query; raise DataError if it is neither."""
        known = self._database.tables()
        if text in known:
            return f"SELECT * FROM {known[text]}"  # noqa: S608 - quoted
        if _QUERY.match(text):
            return text
        names = sorted({spelt: name for name, spelt in known.items()}.values())
        found = f"{text!r}{closest(text, names)}; there are {first_few(names) or 'no tables'}"
        wanted = f"data.{part} to be a table of {self._database.shown} or a SELECT query"
        do = f"give the name of one as data.{part}=TABLE"
        raise DataError(f"data=sql: {expected(wanted, found, do)}")


def _first(query: str, rows: int) -> str:
    return f"SELECT * FROM ({query}\n) AS first_rows LIMIT {rows}"  # noqa: S608 - a user's own


def _frame(names: Sequence[str], rows: Sequence[Row]) -> pd.DataFrame:
    """Return the rows of a query in native values."""
    columns = [*zip(*rows, strict=True)] or [()] * len(names)
    made = {at: native_column(values) for at, values in enumerate(columns)}
    return pd.DataFrame(made).set_axis([str(name).strip() for name in names], axis="columns")


def _database(url: str | None) -> Database:
    """Return the database at a URL; raise ConfigError if its form is not understood."""
    do = f"give data.url={_FORMS}"
    if not url:
        raise ConfigError(expected("the address of a database", "data.url not set", do))
    scheme, separator, rest = str(url).partition("://")
    kind = _DATABASES.get(scheme.partition("+")[0])
    if not separator or kind is None:
        raise ConfigError(expected("a database in data.url", f"{scheme[:20]!r}", do))
    address, _, query = rest.partition("?")
    if "pass" in query.lower():
        do = "give SCHEME://USER:PASSWORD@HOST/DATABASE or set PGPASSWORD"
        raise ConfigError(expected("a password in data.url before the host", "it after ?", do))
    if kind is Postgres and _is_unencoded(address):
        wanted = "user and password in data.url with @, /, :, # and quotes encoded"
        do = "write %40, %2F, %3A, %23, %27 and %22"
        raise ConfigError(expected(wanted, "one as it is", do))
    return kind(str(url))


def _from_any_folder(url: str) -> str:
    """Return the URL with the path of a file made absolute: a job may change the folder."""
    scheme, _, path = url.partition(":///")
    if scheme not in {"sqlite", "duckdb"} or not path:
        return url
    return f"{scheme}:///{Path(path).expanduser().absolute()}"


def _is_unencoded(address: str) -> bool:
    """Return whether a password stands where the redaction of URLs does not find all of it."""
    credentials = address.rpartition("@")[0]
    own = credentials.partition(":")[2]
    return bool({*credentials} & {*"@/#'\""}) or ":" in own or len(credentials.split()) > 1


def _content(frame: pd.DataFrame) -> str:
    sha = hashlib.sha256(f"{frame.shape}".encode())
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        sha.update(f"{name}\0{column.dtype}\0".encode())
        sha.update(pd.util.hash_array(_hashable(column)).tobytes())
    return sha.hexdigest()


def _hashable(column: pd.Series) -> np.ndarray:
    """Return values whose hashes are those of their texts, of numbers those of the numbers."""
    if column.dtype == "float64" or column.dtype.kind == "M":
        return column.to_numpy()
    return column.astype("str").fillna("\0").to_numpy(dtype=object)


def _sorted(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the rows in an order that depends on their contents alone."""
    names = [*frame.columns]
    if task.id is not None and names.count(task.id) == 1:
        return frame.sort_values(task.id, kind="stable", ignore_index=True)
    whole = np.zeros(len(frame), dtype=np.uint64)
    for at in range(len(names)):
        column = pd.util.hash_array(_hashable(frame.iloc[:, at]))
        whole = whole * np.uint64(1_000_003) ^ column
    return frame.iloc[np.argsort(whole, kind="stable")].reset_index(drop=True)
