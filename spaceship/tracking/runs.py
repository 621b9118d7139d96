"""Runs of an experiment as rows: chosen tags and metrics of all runs, read at once.

MLflow's search takes a second for 500 runs, and importing MLflow more than one. So a database is
asked by SQL, in this module alone; a server, and a database whose tables are not those of the
installed release, is asked by MLflow's client.
"""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from spaceship.tracking.store import Store

Answer = TypeVar("Answer")
_SQLITE = "sqlite:///"
_PAGE = 1000
Row = Sequence[Any]  # of a database


@dataclass(frozen=True)
class RunRow:
    """One run: when it was started, in milliseconds since 1970, and what was asked for of it.

    >>> RunRow("a1b2", "lgbm on full", "FINISHED", 0, {"task": "churn"}, {"cv_accuracy": 0.8}).name
    'lgbm on full'
    """

    run_id: str
    name: str
    status: str  # as MLflow writes it, such as FINISHED
    started: int
    tags: Mapping[str, str]
    metrics: Mapping[str, float]  # the latest value of each


class Held(NamedTuple):
    """An alias of a registered model that points to a version of a run."""

    alias: str
    model: str
    version: str


def read_runs(
    store: Store, tags: Collection[str] = (), metrics: Collection[str] = ()
) -> list[RunRow]:
    """Return the runs of a store's experiment with some of their tags and metrics, oldest first.

    Nothing is created: a store that is not there yet has no runs. Raise TrackingError if the store
    cannot be read.

    >>> run_id = store.start_run("a run", {"task": "churn"})
    >>> [(run.run_id == run_id, run.name, run.tags) for run in read_runs(store, ["task"])]
    [(True, 'a run', {'task': 'churn'})]
    """

    def by_client() -> list[RunRow]:
        found = pages(store.client.search_runs, [store.experiment_id])
        return [_row(run, {*tags}, {*metrics}) for run in found]

    def by_sql(tables: _Tables) -> list[RunRow]:
        return tables.runs(store, tags, metrics)

    rows = _asked(store, by_sql, by_client)
    return sorted(rows, key=lambda row: row.started)


def read_held(store: Store) -> dict[str, list[Held]]:
    """Return the aliases of all registered models by the run that made the version they point to.

    >>> read_held(store)
    {}
    """

    def by_client() -> list[tuple[str, Held]]:
        client = store.client
        models = pages(client.search_registered_models)
        held = [Held(a, one.name, str(v)) for one in models for a, v in one.aliases.items()]
        return [(str(client.get_model_version(*one[1:]).run_id), one) for one in held]

    def by_sql(tables: _Tables) -> list[tuple[str, Held]]:
        return tables.held()

    made = defaultdict[str, list[Held]](list)
    for run_id, held in _asked(store, by_sql, by_client):
        made[run_id].append(held)
    return dict(made)


def pages(search: Callable[..., Any], *given: object, **named: object) -> Iterator[Any]:
    """Yield the results of a search of MLflow, page by page.

    >>> [run.info.run_name for run in pages(store.client.search_runs, [store.experiment_id])]
    []
    """
    token = None
    while True:
        page = search(*given, max_results=_PAGE, page_token=token, **named)
        yield from page
        if not (token := page.token):
            return


def _asked(
    store: Store,
    by_sql: "Callable[[_Tables], list[Answer]]",
    by_client: Callable[[], list[Answer]],
) -> list[Answer]:
    """Return the answer of a database, else of MLflow's client, which also knows what is amiss."""
    if store.uri.startswith(("http://", "https://")):
        return by_client()
    if store.uri.startswith(_SQLITE):
        file = Path(store.uri.removeprefix(_SQLITE))
        if not file.is_file():
            return []
        with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as connection:
            return by_sql(_Tables(lambda *query: connection.execute(*query).fetchall()))
        return by_client()
    from sqlalchemy import NullPool, create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with create_engine(store.uri, poolclass=NullPool).connect() as connected:
            return by_sql(_Tables(lambda query, of: connected.execute(text(query), of).fetchall()))
    except (SQLAlchemyError, ImportError):
        return by_client()


class _Tables:
    """The tables of MLflow 3.17 that hold runs and aliases; values in a query are `:named`."""

    def __init__(self, ask: Callable[[str, dict[str, object]], Sequence[Row]]) -> None:
        self._ask = ask

    def runs(self, store: Store, tags: Collection[str], metrics: Collection[str]) -> list[RunRow]:
        """Return the active runs of the experiment, and nothing if there is no such experiment."""
        query = "SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = :name"
        found = self._ask(query, {"name": store.experiment})
        if not found:
            return []
        experiment, stage = found[0]
        if stage != "active":
            experiment = int(store.experiment_id)  # raises: it was deleted
        active = "FROM runs WHERE experiment_id = :experiment AND lifecycle_stage = 'active'"
        query = f"SELECT run_uuid, name, status, start_time {active}"
        rows = self._ask(query, {"experiment": experiment})
        own = f"run_uuid IN (SELECT run_uuid {active})", experiment
        values = self._values("tags", "value", tags, *own)
        figures = self._values("latest_metrics", "value, is_nan", metrics, *own)
        numbers = {
            run: {key: math.nan if nan else float(one) for key, (one, nan) in of_run.items()}
            for run, of_run in figures.items()
        }
        texts = {run: {key: str(one) for key, (one,) in of.items()} for run, of in values.items()}
        return [
            RunRow(run, name or "", status, started, texts.get(run, {}), numbers.get(run, {}))
            for run, name, status, started in rows
        ]

    def held(self) -> list[tuple[str, Held]]:
        """Return the run of each version that an alias points to, and the alias."""
        rows = self._ask(
            "SELECT v.run_id, a.alias, a.name, a.version FROM registered_model_aliases a "
            "JOIN model_versions v ON a.name = v.name AND a.version = v.version",
            {},
        )
        return [(str(run), Held(alias, model, str(number))) for run, alias, model, number in rows]

    def _values(
        self, table: str, columns: str, keys: Collection[str], own: str, experiment: object
    ) -> dict[str, dict[str, Row]]:
        """Return the values of some keys of active runs, by run and key."""
        named: dict[str, object] = {f"key_{at}": key for at, key in enumerate(keys)}
        marks = ", ".join(f":{name}" for name in named)
        query = f"SELECT run_uuid, key, {columns} FROM {table} WHERE {own} AND key IN ({marks})"  # noqa: S608
        made = defaultdict[str, dict[str, Row]](dict)
        for run, key, *values in self._ask(query, named | {"experiment": experiment}):
            made[run][key] = values
        return made


def _row(run: Any, tags: set[str], metrics: set[str]) -> RunRow:
    info, data = run.info, run.data
    texts = {key: one for key, one in data.tags.items() if key in tags}
    figures = {key: one for key, one in data.metrics.items() if key in metrics}
    return RunRow(info.run_id, info.run_name, info.status, info.start_time, texts, figures)
