"""A table or a query of a real SQLite, DuckDB or PostgreSQL gives rows, or one reason why not."""

import sys
from pathlib import Path

import pytest

from spaceship.data.checks import checked
from spaceship.data.sql import SqlData
from spaceship.errors import ConfigError, DataError, MissingDependencyError
from spaceship.task.task import Task
from tests.data.databases import CHURN, ROWS, TABLE, Make, make, refusal, run_sqlite

__all__ = ["make"]  # a fixture

NASTY = ["first name", "a.b", "[c]", 'say "hi"', "it's", "🚀", "select", "order"]


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
