"""Databases of tests: a small table in SQLite, DuckDB or PostgreSQL."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from scripts.servers import Postgres
from spaceship.data.sql import SqlData
from spaceship.errors import SpaceshipError
from spaceship.task.task import Task

CHURN = Task.read(
    {
        "name": "churn",
        "problem": "binary",
        "label": "left",
        "positive": "yes",
        "id": "customer",
        "columns": {"plan": "category", "months": "number", "since": "date", "senior": "boolean"},
    }
)
ROWS = """
INSERT INTO "old customers" VALUES
(2, 'B', 1.5, '2024-02-03', true, 'yes'), (1, 'A', NULL, NULL, NULL, 'no'),
(3, NULL, 7, '2023-12-31', false, 'no')
"""
TABLE = """
CREATE TABLE "old customers"
(customer integer, plan varchar(9), months numeric(9, 2), since date, senior boolean, "left" text)
"""


Make = Callable[..., str]


def run_sqlite(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path)) as connection:
        for one in statements:
            connection.execute(one)
        connection.commit()
    return f"sqlite:///{path}"


def run_duckdb(path: Path, *statements: str) -> str:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(path)) as connection:
        for one in statements:
            connection.execute(one)
    return f"duckdb:///{path}"


def run_postgres(url: str, *statements: str) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for one in statements:
            connection.execute(one.encode())
    return url


@pytest.fixture(params=["sqlite", "duckdb", pytest.param("postgres", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Give a function that runs statements in an empty database and returns its URL."""
    if request.param == "sqlite":
        return lambda *statements: run_sqlite(tmp_path / "a b#?.db", *statements)
    if request.param == "duckdb":
        return lambda *statements: run_duckdb(tmp_path / "a b.db", *statements)
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_database(f"d{abs(hash(tmp_path))}")
    return lambda *statements: run_postgres(url, *statements)


def refusal(source: SqlData, task: Task = CHURN) -> str:
    with pytest.raises(SpaceshipError) as caught:
        source.read(task)
    assert caught.value.exit_status == 2
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "\n" not in str(caught.value)
    return str(caught.value)
