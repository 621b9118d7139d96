"""A table or a query of a real SQLite, DuckDB or PostgreSQL gives rows, or one reason why not."""

import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from scripts import servers
from scripts.servers import Postgres
from spaceship.data.checks import checked
from spaceship.data.sql import SqlData
from spaceship.errors import ConfigError, DataError, MissingDependencyError, SpaceshipError
from spaceship.task.task import Task
from tests.commands import Shell

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
NASTY = ["first name", "a.b", "[c]", 'say "hi"', "it's", "🚀", "select", "order"]
ROWS = """
INSERT INTO "old customers" VALUES
(2, 'B', 1.5, '2024-02-03', true, 'yes'), (1, 'A', NULL, NULL, NULL, 'no'),
(3, NULL, 7, '2023-12-31', false, 'no')
"""
TABLE = """
CREATE TABLE "old customers"
(customer integer, plan varchar(9), months numeric(9, 2), since date, senior boolean, "left" text)
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Give a running server, or skip the test where there is no PostgreSQL."""
    if find_spec("psycopg") is None or servers.programs() is None:
        pytest.skip(servers.MISSING)
    with servers.postgres() as server:
        yield server


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


Make = Callable[..., str]


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


def test_a_table_is_read_and_typed_by_its_id(make: Make) -> None:
    url = make(TABLE, ROWS)
    data = checked(SqlData(url, "old customers").read(CHURN), CHURN)
    assert data.test is None
    assert data.train["customer"].tolist() == ["1", "2", "3"]
    assert data.train["plan"].fillna("-").tolist() == ["A", "B", "-"]
    assert data.train["months"].fillna(-1).tolist() == [-1, 1.5, 7]
    assert data.train["since"].dt.year.fillna(0).tolist() == [0, 2024, 2023]
    assert data.train["senior"].astype(object).fillna("-").tolist() == ["-", True, False]
    assert data.train["left"].tolist() == [False, True, False]


def test_queries_give_train_and_test_in_their_order(make: Make) -> None:
    url = make(TABLE, ROWS)
    columns = "SELECT customer, plan, months, since, senior"
    train = f'{columns}, "left" FROM "old customers" WHERE customer > 1 ORDER BY customer DESC;'
    test = f"""with a as ({columns} from "old customers") select * from a where plan like '%A%'"""
    tables = SqlData(url, train, test).read(CHURN)
    assert tables.train.frame["customer"].tolist() == [3, 2]
    assert tables.test is not None
    assert tables.test.frame["customer"].tolist() == [1]
    assert "left" not in tables.test.frame


def test_nothing_can_be_written(make: Make) -> None:
    url = make(TABLE, ROWS)
    for text in (
        'with a as (select 1) delete from "old customers"',
        'select 1; delete from "old customers"',
        'SELECT 1; COMMIT; DELETE FROM "old customers"',
    ):
        refusal(SqlData(url, text))
    assert len(SqlData(url, "old customers").read(CHURN).train.frame) == 3


def test_the_fingerprint_follows_the_rows_and_not_their_order(make: Make) -> None:
    url = make(TABLE, ROWS)
    source = SqlData(url, "old customers")
    before = source.fingerprint(CHURN)
    make('CREATE TABLE again AS SELECT * FROM "old customers" ORDER BY customer DESC')
    assert SqlData(url, "again").fingerprint(CHURN) == before
    anonymous = CHURN.model_copy(update={"id": None})
    unsorted = SqlData(url, "again").fingerprint(anonymous)
    assert unsorted == SqlData(url, "old customers").fingerprint(anonymous)
    make("UPDATE again SET plan = '' WHERE customer = 2")
    assert SqlData(url, "again").fingerprint(CHURN) != before
    make("UPDATE again SET plan = NULL WHERE customer = 2")
    null = SqlData(url, "again").fingerprint(CHURN)
    assert null not in (before, unsorted)


def test_each_query_has_a_key_of_its_own(make: Make) -> None:
    url = make(TABLE, ROWS)
    make('CREATE TABLE others AS SELECT * FROM "old customers"')
    source = SqlData(url, "old customers", "others")
    before = source.fingerprint(CHURN)
    make("UPDATE others SET plan = 'new' WHERE customer = 2")
    assert source.fingerprint(CHURN) == {**before, "test": source.fingerprint(CHURN)["test"]}
    assert source.fingerprint(CHURN)["test"] != before["test"]


def test_what_is_read_is_what_the_fingerprint_was_taken_of(make: Make) -> None:
    url = make(TABLE, ROWS)
    source = SqlData(url, "old customers")
    source.fingerprint(CHURN)
    make('DELETE FROM "old customers" WHERE customer = 1')
    assert len(source.read(CHURN).train.frame) == 3
    assert len(source.read(CHURN).train.frame) == 2


def test_odd_names_of_columns(make: Make) -> None:
    quoted = ", ".join('"' + name.replace('"', '""') + '" integer' for name in NASTY)
    url = make(f"CREATE TABLE t ({quoted}, y text)", f"INSERT INTO t VALUES ({'1, ' * 8}'a')")
    node = {"problem": "multiclass", "label": "y", "columns": dict.fromkeys(NASTY, "number")}
    task = Task.read({**node, "classes": ["a", "b"]})
    assert [*checked(SqlData(url, "t").read(task), task).train] == [*NASTY, "y"]


def test_names_that_come_twice_are_refused(make: Make) -> None:
    url = make(TABLE, ROWS)
    query = 'SELECT *, plan AS " plan " FROM "old customers"'
    with pytest.raises(DataError, match=r"(?s)data\.train of .*found more than once: plan"):
        checked(SqlData(url, query).read(CHURN), CHURN)


def test_faults_of_a_query(make: Make) -> None:
    url = make(TABLE, ROWS)
    assert "; there are old customers; give" in refusal(SqlData(url, "customers"))
    assert "(is 'old customers' meant?)" in refusal(SqlData(url, "old_customers"))
    assert "nowhere" in refusal(SqlData(url, "SELECT * FROM nowhere"))
    assert refusal(SqlData(url, "SELECT FROM WHERE"))
    assert "SELECT query" in refusal(SqlData(url, 'DROP TABLE "old customers"'))
    tables = SqlData(url, 'SELECT * FROM "old customers" WHERE customer > 9').read(CHURN)
    with pytest.raises(DataError, match="at least one row"):
        checked(tables, CHURN)


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, scheme: str) -> None:
    assert "found no such file" in refusal(SqlData(f"{scheme}:///{tmp_path}/new.db", "t"))
    assert "found a folder" in refusal(SqlData(f"{scheme}:///{tmp_path}", "t"))
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "a.txt").write_text("something else, of some length" * 200)
    assert "a.txt to answer, found" in refusal(SqlData(f"{scheme}:///{tmp_path}/a.txt", "t"))


def test_a_relative_path_starts_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sqlite(tmp_path / "a.db", TABLE, ROWS)
    monkeypatch.chdir(tmp_path)
    source = SqlData("sqlite:///a.db", "old customers")
    monkeypatch.chdir("/")
    assert len(source.read(CHURN).train.frame) == 3


@pytest.mark.parametrize("package", ["duckdb", "psycopg"])
def test_a_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    (tmp_path / "a.db").touch()
    monkeypatch.setitem(sys.modules, package, None)
    url = f"duckdb:///{tmp_path}/a.db" if package == "duckdb" else "postgresql://me@127.0.0.1:9/a"
    with pytest.raises(MissingDependencyError, match=r'pip install -e "\.\[sql\]"'):
        SqlData(url, "t").read(CHURN)


@pytest.mark.parametrize(
    ("url", "fragment"),
    [
        (None, "data.url not set; give data.url=postgresql://"),
        ("", "data.url not set"),
        ("mysql://me:hushhush@host/d", "found 'mysql'"),
        ("hushhush", "found 'hushhush'"),
        ("postgresql://me:hush@hush@host/d", "encoded"),
        ("postgresql://me:hush/hush@host/d", "encoded"),
        ("postgresql://me:hush:hush@host/d", "encoded"),
        ("postgresql://me@host/d?password=hushhush", "found it after ?"),
    ],
)
def test_urls_that_cannot_be_used(url: str | None, fragment: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SqlData(url, "t").read(CHURN)
    assert fragment in str(caught.value)
    assert url == "hushhush" or "hush" not in str(caught.value)


@pytest.mark.parametrize("train", [None, "", "  "])
def test_a_table_is_needed(train: str | None) -> None:
    with pytest.raises(ConfigError, match=r"found .*; give data\.train=TABLE"):
        SqlData("sqlite:///a.db", train).fingerprint(CHURN)


@pytest.mark.slow
def test_kinds_of_values_of_postgres(postgres: Postgres) -> None:
    kinds = {
        "bytea": "'\\x6869'",
        "bigint": "9007199254740993",
        "numeric": "12345678901234567890123",
        "double precision": "'NaN'",
        "timestamptz": "'2024-01-01 12:00+02'",
        "timestamp": "'2024-01-01 12:00:00.5'",
        "time": "'12:00'",
        "interval": "'1 day'",
        "uuid": "'00000000-0000-0000-0000-000000000001'",
        "jsonb": """'{"a": [1, null]}'""",
        "integer[]": "'{1,2}'",
        "inet": "'127.0.0.1'",
        "char(3)": "'a'",
    }
    columns = [f'{value}::{kind} AS "{kind}"' for kind, value in kinds.items()]
    both = f"SELECT {', '.join(columns)} UNION ALL SELECT {', '.join(['NULL'] * len(kinds))}"
    url = postgres.new_database("kinds")
    frame = SqlData(url, f"SELECT * FROM ({both}) a").read(CHURN).train.frame
    assert frame.isna().sum().tolist() == [1, 1, 1, 2, *[1] * 9]
    row = frame[frame["bytea"].notna()].iloc[0]
    assert row["bytea"] == "hi"
    assert (row["bigint"], row["numeric"]) == (9007199254740993, "12345678901234567890123")
    assert row["timestamptz"] == pd.Timestamp("2024-01-01 10:00")
    assert row["timestamp"] == pd.Timestamp("2024-01-01 12:00:00.5")
    assert [row[one] for one in ("time", "jsonb", "integer[]")] == [
        "12:00:00",
        '{"a": [1, null]}',
        "[1, 2]",
    ]
    assert row["uuid"].endswith("0001")


@pytest.mark.slow
def test_a_table_of_another_schema(postgres: Postgres) -> None:
    url = postgres.new_database("schemas")
    run_postgres(url, "CREATE SCHEMA crm", "CREATE TABLE crm.people AS SELECT 1 AS customer")
    assert len(SqlData(url, "crm.people").read(CHURN).train.frame) == 1
    assert "(is 'crm.people' meant?)" in refusal(SqlData(url, "crm_people"))


@pytest.mark.slow
def test_servers_that_do_not_answer(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    secret = postgres.password
    faults = {
        "password authentication failed": postgres.url("postgres", f"{secret}x"),
        "does not exist": postgres.url("nowhere"),
        "onnection": f"postgresql://postgres:{secret}@127.0.0.1:9/postgres",
        "found": f"postgresql://postgres:{secret}@127.0.0.1:port/postgres",
        "resolve": f"postgresql+psycopg://postgres:{secret}@nowhere.invalid/postgres",
    }
    with caplog.at_level(logging.DEBUG):
        for fragment, url in faults.items():
            message = refusal(SqlData(url, "t"))
            assert fragment in message
            assert secret not in message
            assert "postgres:***@" in message
    assert secret not in caplog.text


def test_the_password_is_written_nowhere(postgres: Postgres, shell: Shell, tmp_path: Path) -> None:
    configs = tmp_path / "configs" / "task"
    configs.mkdir(parents=True)
    (configs / "pair.yaml").write_text(
        "problem: binary\nlabel: y\npositive: 'yes'\nid: n\ncolumns: {x: number}\n"
        "files: {test: null}\n"
    )
    rows = "SELECT n, n % 7 AS x, CASE WHEN n % 7 > 3 THEN 'yes' ELSE 'no' END AS y"
    url = postgres.new_database("commands")
    run_postgres(url, f"CREATE TABLE pair AS {rows} FROM generate_series(1, 300) AS n")
    where = ["--config-dir", str(tmp_path / "configs"), "task=pair", "data=sql", "features=raw"]
    where += ["model=hist_gradient_boosting", "split.n_folds=2"]
    done = shell(*where, "mode=train", f"data.url={url}", "data.train=pair")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout + done.stderr
    for fault in (
        (f"data.url={url}", "data.train=pears"),
        (f"data.url={url}", "data.train='SELECT pears'"),
        (f"data.url={url}", "data.train=pair", "seed=abc"),
        (f"data.url={postgres.url('nowhere')}", "data.train=pair"),
        (f"data.url=postgresql://postgres:a@{postgres.password}@h/d", "data.train=pair"),
        (f"data.url=postgresql://h/d?password={postgres.password}", "data.train=pair"),
    ):
        failed = shell(*where, "mode=train", *fault)
        assert failed.returncode == 2, failed.stdout + failed.stderr
        assert "Traceback" not in failed.stderr
        told += failed.stdout + failed.stderr
    assert postgres.password not in told
    secret = postgres.password.encode()
    paths = [one for one in shell.outputs.rglob("*") if one.is_file()]
    assert [one for one in paths if secret in one.read_bytes()] == []
