"""Databases that `data=sql` reads: how each is opened read only, its tables, its rows."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.errors import DataError, MissingDependencyError, expected

Row = tuple[Any, ...]
Driven = Any  # a connection or a cursor: drivers have no class in common
_ROWS = 50_000  # that are fetched at once
CONNECT_SECONDS = 10  # longest wait for a server; TCP alone waits for two minutes
_TABLES = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


class Database(ABC):
    """A database at a URL, and while `connected` its tables and rows."""

    driver: ClassVar[str]
    """Module that connects to it."""
    faults: ClassVar[tuple[str, ...]] = ("Error",)
    """Names of the driver's errors."""

    def __init__(self, url: str) -> None:
        """Keep the URL."""
        self._url = url
        self._connection: Driven = None

    @property
    def shown(self) -> str:
        """The URL without its password, for messages."""
        return redact(self._url)

    def hide(self, text: str) -> str:
        """Return a message of the driver without the password and without the whole URL."""
        for secret in {urlsplit(self._url).password or "", unquote(self._password())} - {""}:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text)
        return redact(text)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Keep a connection open for the block; what is read in it is one state of the database."""
        with closing(self._open()) as self._connection:
            try:
                yield
            finally:
                self._connection.rollback()

    def errors(self) -> tuple[type[Exception], ...]:
        """Return the classes of the driver's errors, OSError where it is not installed."""
        try:
            module = import_module(self.driver)
        except ImportError:
            return (OSError,)
        return (UnicodeError, *(getattr(module, name) for name in self.faults))

    def _imported(self) -> ModuleType:
        """Return the driver; raise MissingDependencyError if it is not installed."""
        try:
            return import_module(self.driver)
        except ImportError:
            found, do = f"no module {self.driver}", 'install it: pip install -e ".[sql]"'
            what = expected(f"the package {self.driver}", found, do)
            raise MissingDependencyError(f"data=sql: {what}") from None

    @abstractmethod
    def tables(self) -> Mapping[str, str]:
        """Return every table and view by the names that a user may give, as SQL spells them."""

    def rows(self, query: str) -> tuple[list[str], Sequence[Row]]:
        """Return the names of the columns and the rows that a query gives."""
        cursor = self._connection.cursor()
        cursor.execute(query)
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def parts(self, query: str) -> Iterator[tuple[list[str], Sequence[Row]]]:
        """Yield the names of the columns and the rows of a query that gave its first row before.

        So many rows at a time, once without rows if there are none.
        """
        with closing(self._cursor()) as cursor:
            cursor.execute(query)
            rows = cursor.fetchmany(_ROWS)
            names = [column[0] for column in cursor.description or ()]
            while True:
                yield names, rows
                if not (rows := cursor.fetchmany(_ROWS)):
                    return

    def _cursor(self) -> Driven:
        """Return a cursor that leaves the rows in the database until they are fetched."""
        return self._connection.cursor()

    @abstractmethod
    def _open(self) -> Driven:
        """Return an open connection that cannot write."""

    def _password(self) -> str:
        return urlsplit(self._url).password or ""


class _File(Database):
    """A database that is one file."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        path = url.partition("://")[2].removeprefix("/")
        self._path = Path(path).expanduser().absolute()

    def _existing(self) -> Path:
        """Return the path of the file; raise DataError rather than make a new one."""
        if not self._path.is_file():
            found = "a folder" if self._path.is_dir() else "no such file"
            do = "check the path in data.url; an absolute one has four slashes"
            raise DataError(f"data=sql: {expected(f'a database in {self._path}', found, do)}")
        return self._path


class Sqlite(_File):
    """A file of SQLite.

    >>> import sqlite3
    >>> sqlite3.connect(tmp_path / "a.db").execute("CREATE TABLE shops (size)").connection.close()
    >>> database = Sqlite(f"sqlite:///{tmp_path}/a.db")
    >>> with database.connected():
    ...     list(database.tables())
    ['shops']
    """

    driver, faults = "sqlite3", ("Error", "Warning")

    def tables(self) -> Mapping[str, str]:
        """Return the tables and views of the file."""
        kinds = "type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        _, rows = self.rows(f"SELECT name FROM sqlite_master WHERE {kinds}")  # noqa: S608 - constant
        return {name: _quoted(name) for (name,) in rows}

    def _open(self) -> Driven:
        return self._imported().connect(f"file:{quote(str(self._existing()))}?mode=ro", uri=True)


class DuckDb(_File):
    """A file of DuckDB.

    >>> DuckDb("duckdb:///sales.duckdb").shown
    'duckdb:///sales.duckdb'
    """

    driver = "duckdb"

    def tables(self) -> Mapping[str, str]:
        """Return the tables and views of the file."""
        return _by_schema(self.rows(_TABLES)[1], "main")

    def rows(self, query: str) -> tuple[list[str], Sequence[Row]]:
        """Return names and rows of a query that is one SELECT: others may write elsewhere."""
        import duckdb

        kinds = [one.type for one in duckdb.extract_statements(query)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise duckdb.InvalidInputException("more, or something else, than one SELECT")
        return super().rows(query)

    def _open(self) -> Driven:
        path = str(self._existing())
        return self._imported().connect(path, read_only=True).begin()


class Postgres(Database):
    """A database of a PostgreSQL server.

    >>> Postgres("postgresql://ann:secret@db.example.com/sales").shown
    'postgresql://ann:***@db.example.com/sales'
    """

    driver = "psycopg"

    def tables(self) -> Mapping[str, str]:
        """Return the tables and views, those of the present schema without its name too."""
        _, [(schema,)] = self.rows("SELECT current_schema()")
        return _by_schema(self.rows(_TABLES)[1], schema)

    def rows(self, query: str) -> tuple[list[str], Sequence[Row]]:
        """Return names and rows of one query: a prepared one cannot end the transaction first."""
        cursor = self._connection.execute(query.encode(), prepare=True)
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    def _cursor(self) -> Driven:
        return self._connection.cursor("rows")  # of the server: the client's would fetch them all

    def _open(self) -> Driven:
        psycopg = self._imported()
        url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", self._url)
        connection = psycopg.connect(url, connect_timeout=CONNECT_SECONDS)
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _by_schema(rows: Sequence[Row], present: str | None) -> dict[str, str]:
    """Return each table as `schema.table`, those of the present schema by their own name too."""
    named = {f"{schema}.{table}": (schema, table) for schema, table in rows}
    named |= {table: (schema, table) for schema, table in rows if schema == present}
    return {name: f"{_quoted(schema)}.{_quoted(table)}" for name, (schema, table) in named.items()}
