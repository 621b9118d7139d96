"""PostgreSQL as a data source: its kinds of values, schemas, servers, and hidden passwords."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from scripts.servers import Postgres
from spaceship.data.sql import SqlData
from tests.commands import Shell
from tests.data.databases import CHURN, refusal, run_postgres


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
