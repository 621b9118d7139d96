"""Runs of trials: noted in the trials' folders, and written to MLflow many at a time.

A run of MLflow's own takes a dozen transactions, more than a quick trial. So a trial notes its run
in a file of its folder, when it starts and when it has ended, and runs of ended trials go into the
database in one transaction, by MLflow's own tables. A file is removed once its run is written:
what a killed process has left is written by the next one.
"""

import logging
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hydra_plugins.spaceship_optuna.process import is_others, uninterrupted
from spaceship._upstream import mlflow_sessions
from spaceship.errors import RegistryError
from spaceship.files import write_json
from spaceship.records import Figure, read_record, to_plain
from spaceship.tracking.job import Job
from spaceship.tracking.tag_names import process_of

if TYPE_CHECKING:
    from spaceship.tracking.store import Store

log = logging.getLogger(__name__)

RUNNING = "RUNNING"
_FILE = "run.json"
_LOCK = ".runs.lock"


def _now() -> int:
    return int(time.time() * 1000)


def _new_id() -> str:
    return uuid4().hex


@dataclass(frozen=True)
class TrialRun:
    """A trial's run as MLflow will have it; texts are cut to what every store takes.

    >>> TrialRun("svm #3", {"trial": "3"}, {"C": "1.0"}, 0).ended("FINISHED", {"state": "PRUNED"})
    TrialRun(name='svm #3', tags={'trial': '3', 'state': 'PRUNED'}, ...
    """

    name: str
    tags: dict[str, str]
    params: dict[str, str]
    start_time: int = field(default_factory=_now)  # milliseconds since 1970
    run_id: str = field(default_factory=_new_id)  # in a database; a server gives its own
    metrics: dict[str, Figure] = field(default_factory=dict)
    status: str = RUNNING
    end_time: int = 0
    traceback: str | None = None

    def ended(
        self,
        status: str,
        tags: Mapping[str, str],
        metrics: Mapping[str, float] | None = None,
        traceback: str | None = None,
    ) -> "TrialRun":
        """Return the run of the trial when it has ended."""
        return replace(
            self,
            status=status,
            end_time=_now(),
            tags=self.tags | dict(tags),
            metrics=dict(metrics or {}),
            traceback=traceback,
        )

    def note(self, folder: Path) -> None:
        """Write the run into its trial's folder, whole or not at all."""
        write_json(folder / _FILE, to_plain(self))


def noted_run(folder: Path) -> TrialRun | None:
    """Return the run noted in a trial's folder, None if it is in MLflow or there is none.

    >>> TrialRun("svm #3", {}, {}).note(tmp_path)
    >>> noted_run(tmp_path).name
    'svm #3'
    """
    with suppress(RegistryError):
        return read_record(folder / _FILE, TrialRun)
    return None


def noted_folders(sweep: Path) -> list[Path]:
    """Return the folders of a sweep's trials whose runs are still to be written.

    >>> noted_folders(tmp_path)
    []
    """
    return [path.parent for path in sorted(sweep.glob(f"*/{_FILE}"))]


def write_runs(store: "Store", folders: Iterable[Path]) -> bool:
    """Write the runs noted in folders of trials to MLflow, in one transaction in a database.

    A trial of a dead process, or one that this process or a child of it has not ended, becomes
    KILLED. Return whether another live process is still at a trial in one of the folders.

    >>> TrialRun("svm #3", {"trial": "3"}, {}).ended("FINISHED", {}).note(tmp_path / "3")
    >>> write_runs(store, noted_folders(tmp_path))
    False
    >>> store.client.get_run(Job(tmp_path / "3", in_multirun=True).run_id).info.run_name
    'svm #3'
    """
    from filelock import FileLock

    known = {folder: run for folder in folders if (run := noted_run(folder)) is not None}
    running = [path for path, run in known.items() if _runs_elsewhere(run)]
    if ready := known.keys() - running:
        with uninterrupted(), FileLock(min(ready).parent / _LOCK):
            found = {path: noted_run(path) for path in sorted(ready)}  # no other has written it
            ended = {path: _closed(run) for path, run in found.items() if run is not None}
            _write(store, ended)
    return bool(running)


class LatestTrials:
    """Trials of a process that have ended since it last wrote runs, some seconds ago at the most.

    >>> LatestTrials(seconds=0).add(store, tmp_path)  # a folder without a run: nothing is written
    """

    def __init__(self, seconds: float = 5) -> None:
        """Write runs after so many seconds."""
        self._seconds, self._folders, self._since = seconds, list[Path](), time.monotonic()

    def add(self, store: "Store", folder: Path) -> None:
        """Add a trial; write what is due. A failure is logged: the end of the sweep tries again."""
        self._folders.append(folder)
        if time.monotonic() - self._since < self._seconds:
            return
        try:
            write_runs(store, self._folders)
            self._folders.clear()
        except Exception as error:  # noqa: BLE001 - whatever a store may raise is no fault of a trial
            log.warning(
                "The runs of %d trials are not in MLflow yet: %s", len(self._folders), error
            )
        self._since = time.monotonic()


def _runs_elsewhere(run: TrialRun) -> bool:
    return run.status == RUNNING and is_others(process_of(run.tags))


def _closed(run: TrialRun) -> TrialRun:
    return run.ended("KILLED", {}) if run.status == RUNNING else run


def _write(store: "Store", runs: Mapping[Path, TrialRun]) -> None:
    """Write ended runs, note their ids in the folders, and remove the files."""
    sessions = mlflow_sessions(store.uri)
    if sessions is not None:
        _insert(store, sessions, [*runs.values()])
    for folder, run in runs.items():
        run_id = run.run_id if sessions is not None else _send(store, run)
        if run.traceback is not None:
            store.client.log_text(run_id, run.traceback, "traceback.txt")
        Job(folder, in_multirun=True).note_run(run_id)
        (folder / _FILE).unlink(missing_ok=True)


def _send(store: "Store", run: TrialRun) -> str:
    """Write a run by the client, to a server; return its id."""
    run_id = store.start_run(run.name, run.tags, start_time=run.start_time)
    store.log_scores(run_id, run.metrics, params=run.params)
    store.end_run(run_id, run.status, run.end_time)
    return run_id


def _insert(store: "Store", sessions: Any, runs: Sequence[TrialRun]) -> None:
    """Insert runs into MLflow's tables as its client would; leave out those that are there."""
    from mlflow.store.tracking.dbmodels import models
    from mlflow.utils.uri import append_to_uri_path
    from sqlalchemy import insert, select

    within: Any = append_to_uri_path
    place = store.client.get_experiment(store.experiment_id).artifact_location
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
                    "artifact_uri": within(place, run.run_id, "artifacts"),
                    "experiment_id": int(store.experiment_id),
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


def _rows(run: TrialRun, texts: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"run_uuid": run.run_id, "key": key, "value": text} for key, text in texts.items()]


def _metric_rows(run: TrialRun) -> list[dict[str, object]]:
    """Return a row for each metric; MLflow stores NaN as a 0 with a mark, and no infinity."""
    most = sys.float_info.max
    own = {"run_uuid": run.run_id, "timestamp": run.end_time, "step": 0}
    return [
        {
            **own,
            "key": key,
            "value": 0.0 if math.isnan(value) else min(max(value, -most), most),
            "is_nan": math.isnan(value),
        }
        for key, value in run.metrics.items()
    ]
