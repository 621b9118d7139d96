"""Rows of ended runs in MLflow's tables, as its client would write them, in one transaction."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spaceship.tracking.store import Store
    from spaceship.tracking.trial_runs import TrialRun


def insert_runs(store: "Store", sessions: Any, runs: "Sequence[TrialRun]") -> None:
    """Insert ended runs; leave out those that are there.

    Args:
        store: The store, whose experiment is to be an active one.
        sessions: Function that opens a session of its database.
        runs: Runs of trials.

    Raises:
        TrackingError: The experiment was deleted.

    >>> from spaceship._upstream import mlflow_sessions
    >>> from spaceship.tracking.trial_runs import TrialRun
    >>> run = TrialRun("svm #3", {"trial": "3"}, {}).ended("FINISHED", {})
    >>> insert_runs(store, mlflow_sessions(store.uri), [run])
    >>> store.client.get_run(run.run_id).data.tags["trial"]
    '3'

    """
    from mlflow.store.tracking.dbmodels import models
    from mlflow.utils.uri import append_to_uri_path
    from sqlalchemy import insert, select

    within: Any = append_to_uri_path
    experiment = store.active_experiment()
    with sessions(read_only=False) as session:
        runs_table: Any = models.SqlRun.__table__
        ids = runs_table.c.run_uuid
        there = {*session.scalars(select(ids).where(ids.in_([run.run_id for run in runs])))}
        new = [run for run in runs if run.run_id not in there]
        metrics = [row for run in new for row in _metric_rows(run)]
        rows: dict[Any, list[dict[str, object]]] = {
            models.SqlRun: [
                {
                    "run_uuid": run.run_id,
                    "name": run.name,
                    "source_type": "UNKNOWN",
                    **dict.fromkeys(("source_name", "entry_point_name", "source_version"), ""),
                    "user_id": "unknown",
                    "status": run.status,
                    "start_time": run.start_time,
                    "end_time": run.end_time,
                    "lifecycle_stage": "active",
                    "artifact_uri": within(experiment.artifact_location, run.run_id, "artifacts"),
                    "experiment_id": int(experiment.experiment_id),
                }
                for run in new
            ],
            models.SqlTag: [
                row for run in new for row in _rows(run, {**run.tags, "mlflow.runName": run.name})
            ],
            models.SqlParam: [row for run in new for row in _rows(run, run.params)],
            models.SqlMetric: metrics,
            models.SqlLatestMetric: metrics,
        }
        for table, values in rows.items():
            if values:
                session.execute(insert(table.__table__), values)


def _rows(run: "TrialRun", texts: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"run_uuid": run.run_id, "key": key, "value": text} for key, text in texts.items()]


def _metric_rows(run: "TrialRun") -> list[dict[str, object]]:
    own = {"run_uuid": run.run_id}
    return [own | metric_row(*one, run.end_time) for one in run.metrics.items()]


def metric_row(key: str, value: float, timestamp: int) -> dict[str, object]:
    """Return the row of a metric; MLflow stores NaN as a 0 with a mark, and no infinity.

    >>> metric_row("loss", math.nan, 0)
    {'key': 'loss', 'value': 0.0, 'is_nan': True, 'timestamp': 0, 'step': 0}
    """
    most, is_nan = sys.float_info.max, math.isnan(value)
    number = 0.0 if is_nan else min(max(float(value), -most), most)
    return {"key": key, "value": number, "is_nan": is_nan, "timestamp": timestamp, "step": 0}
