"""Rows of runs, their metrics and data sets in an MLflow database in a file."""

import sqlite3
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from spaceship.tracking._sqlite_rows import Values, insert, only, rows, texts_of

_RUN = (
    "run_uuid AS run_id, name AS run_name, CAST(experiment_id AS TEXT) AS experiment_id, user_id, "
    "status, start_time, end_time, artifact_uri, lifecycle_stage"
)
_LATEST = """ON CONFLICT DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp,
    step = excluded.step, is_nan = excluded.is_nan
    WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)"""


def runs(connection: sqlite3.Connection, where: str, values: Values) -> list[Any]:
    """Return runs, each with its info and its data."""
    found = rows(connection, f"SELECT {_RUN} FROM runs WHERE {where}", values)  # noqa: S608
    return [SimpleNamespace(info=one, data=_data(connection, one.run_id)) for one in found]


def active_run(connection: sqlite3.Connection, run_id: str) -> Any:
    """Return a run that is not deleted."""
    return only(runs(connection, "run_uuid = ? AND lifecycle_stage = 'active'", [run_id]))


def _data(connection: sqlite3.Connection, run_id: str) -> SimpleNamespace:
    latest = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ?"
    return SimpleNamespace(
        metrics={
            row.key: float("nan") if row.is_nan else row.value
            for row in rows(connection, latest, [run_id])
        },
        **{name: texts_of(connection, name, run_uuid=run_id) for name in ("params", "tags")},
    )


def add_metrics(connection: sqlite3.Connection, made: Sequence[Mapping[str, object]]) -> None:
    """Add values of metrics, the last of each to the latest ones, too."""
    for row in made:
        insert(connection, "metrics", row, "ON CONFLICT DO NOTHING")
        insert(connection, "latest_metrics", row, _LATEST)


def use_dataset(
    connection: sqlite3.Connection, run: Any, facts: Mapping[str, str], context: str
) -> None:
    """Note once that a run used a data set, which is added if it is new."""
    own = {"experiment_id": run.experiment_id, "name": facts["name"], "digest": facts["digest"]}
    row = {f"dataset_{key}": one for key, one in facts.items() if key not in own}
    new = {"dataset_uuid": uuid4().hex, **own, **row}
    insert(connection, "datasets", new, "ON CONFLICT DO NOTHING")
    query = "SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ?"
    used = only(rows(connection, f"{query} AND digest = ?", [*own.values()])).id
    if (number := relate(connection, ("DATASET", used), ("RUN", run.run_id))) is not None:
        tag = {"input_uuid": number, "name": "mlflow.data.context", "value": context}
        insert(connection, "input_tags", tag)


def relate(
    connection: sqlite3.Connection, source: tuple[str, str], destination: tuple[str, str]
) -> str | None:
    """Note once what a run used or made, kinds and ids; return the row's id if it is new."""
    ends = {"source": source, "destination": destination}
    edge = {
        f"{end}_{what}": one
        for end in ends
        for what, one in zip(("type", "id"), ends[end], strict=True)
    }
    where, number = " AND ".join(f"{name} = ?" for name in edge), uuid4().hex
    if rows(connection, f"SELECT 1 AS one FROM inputs WHERE {where}", [*edge.values()]):  # noqa: S608
        return None
    insert(connection, "inputs", {"input_uuid": number, **edge})
    return number


def insert_new(
    connection: sqlite3.Connection, tables: Mapping[str, Sequence[Mapping[str, object]]]
) -> None:
    """Insert rows of runs, by the names of tables, but of those runs that are there."""
    there = {row.run_uuid for row in rows(connection, "SELECT run_uuid FROM runs")}
    for table, made in tables.items():
        for row in made:
            if row["run_uuid"] not in there:
                insert(connection, table, row)
