"""Rows of ended runs in MLflow's tables, as its client would write them."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spaceship.tracking.trial_runs import TrialRun

Row = dict[str, object]
Metrics = Mapping[str, float]
Texts = Mapping[str, str]
"""Parameters or tags by name."""


def rows_of_runs(
    runs: "Sequence[TrialRun]", experiment_id: str, place: str
) -> Mapping[str, Sequence[Row]]:
    """Return the rows of ended runs of an experiment, by the names of tables.

    `place` is that of the experiment's artifacts.

    >>> from spaceship.tracking.trial_runs import TrialRun
    >>> run = TrialRun("svm #3", {"trial": "3"}, {}).ended("FINISHED", {})
    >>> store.client.insert_runs(rows_of_runs([run], store.experiment_id, store.artifacts))
    >>> store.client.get_run(run.run_id).data.tags["trial"]
    '3'
    """
    metrics = [row for run in runs for row in _metric_rows(run)]
    named = [_rows(run, {**run.tags, "mlflow.runName": run.name}) for run in runs]
    return {
        "runs": [_run_row(run, int(experiment_id), place.rstrip("/")) for run in runs],
        "tags": [row for rows in named for row in rows],
        "params": [row for run in runs for row in _rows(run, run.params)],
        "metrics": metrics,
        "latest_metrics": metrics,
    }


def _run_row(run: "TrialRun", experiment_id: int, place: str) -> Row:
    return {
        "run_uuid": run.run_id,
        "name": run.name,
        "source_type": "UNKNOWN",
        **dict.fromkeys(("source_name", "entry_point_name", "source_version"), ""),
        "user_id": "unknown",
        "status": run.status,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "lifecycle_stage": "active",
        "artifact_uri": f"{place}/{run.run_id}/artifacts",
        "experiment_id": experiment_id,
    }


def _rows(run: "TrialRun", texts: Mapping[str, str]) -> list[Row]:
    return [{"run_uuid": run.run_id, "key": key, "value": text} for key, text in texts.items()]


def _metric_rows(run: "TrialRun") -> list[Row]:
    own = {"run_uuid": run.run_id}
    return [own | metric_row(*one, run.end_time) for one in run.metrics.items()]


def metric_row(key: str, value: float, timestamp: int) -> Row:
    """Return the row of a metric; MLflow stores NaN as a 0 with a mark, and no infinity.

    >>> metric_row("loss", math.nan, 0)
    {'key': 'loss', 'value': 0.0, 'is_nan': True, 'timestamp': 0, 'step': 0}
    """
    most, is_nan = sys.float_info.max, math.isnan(value)
    number = 0.0 if is_nan else min(max(float(value), -most), most)
    return {"key": key, "value": number, "is_nan": is_nan, "timestamp": timestamp, "step": 0}
