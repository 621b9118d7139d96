"""Runs of trials: pending in a file of the trials' folders, then written to MLflow many at a time.

A run of MLflow's own takes a dozen transactions, more than a quick trial. So a trial saves its run
in a file of its folder, when it starts and when it has ended, and runs of ended trials go into the
database in one transaction, by MLflow's own tables. A file is removed once its run is written:
what a killed process has left is written by the next one. A run that cannot be written is logged
and stays pending; no other run, trial or command stops for it.
"""

import logging
import math
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import is_others, uninterrupted
from spaceship.errors import RegistryError, TrackingError
from spaceship.files import write_json
from spaceship.records import Figure, read_record, to_plain
from spaceship.tracking._sqlite_rows import now
from spaceship.tracking.connection import code_of
from spaceship.tracking.job import Job
from spaceship.tracking.relocation import FOLDER_TAG
from spaceship.tracking.run_rows import rows_of_runs
from spaceship.tracking.tag_names import hidden, is_on, process_of

if TYPE_CHECKING:
    from mlflow.entities import Run

    from spaceship.tracking.store import Store

log = logging.getLogger(__name__)

RUNNING = "RUNNING"
_FILE = "run.json"
_LOCK = ".runs.lock"
_PARENT = "mlflow.parentRunId"
_TRIAL = hidden("trial-run")  # on a server: the id of the run in its file


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
    start_time: int = field(default_factory=now)  # milliseconds since 1970
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
            end_time=now(),
            tags=self.tags | dict(tags),
            metrics=dict(metrics or {}),
            traceback=traceback,
        )

    def save(self, folder: Path) -> None:
        """Write the run into its trial's folder, whole or not at all."""
        write_json(folder / _FILE, to_plain(self))


def pending_run(folder: Path) -> TrialRun | None:
    """Return the run saved in a trial's folder, None if it is in MLflow or there is none.

    >>> TrialRun("svm #3", {}, {}).save(tmp_path)
    >>> pending_run(tmp_path).name
    'svm #3'
    """
    with suppress(RegistryError):
        return read_record(folder / _FILE, TrialRun)
    return None


def pending_folders(sweep: Path) -> list[Path]:
    """Return the folders of a sweep's trials whose runs are still to be written.

    >>> pending_folders(tmp_path)
    []
    """
    return [path.parent for path in sorted(sweep.glob(f"*/{_FILE}"))]


def write_below(store: "Store", outputs: Path, parent: "Run", gone: str | None = None) -> None:
    """Write the pending runs of a sweep, given the run above them and this machine's outputs.

    Its folder is the recorded one, or one below the outputs whose path ends the same: the sweep may
    have been started on another machine.

    >>> parent = store.start_run("sweep", {})
    >>> write_below(store, tmp_path, store.client.get_run(parent))  # without a folder
    """
    recorded = Path(parent.data.tags.get(FOLDER_TAG) or "/")
    ends = [recorded.parts[at:] for at in range(1, len(recorded.parts))]
    places = dict.fromkeys((recorded, *(outputs.joinpath(*end) for end in ends)))
    folders = [folder for place in places for folder in pending_folders(place)]
    found = {folder: pending_run(folder) for folder in folders}
    own = [one for one, run in found.items() if run and run.tags.get(_PARENT) == parent.info.run_id]
    write_runs(store, own, gone)


def write_runs(store: "Store", folders: Iterable[Path], gone: str | None = None) -> None:
    """Write the runs pending in folders of trials to MLflow, in one transaction in a database.

    A trial of a dead process, or one that this process or a child of it has not ended, becomes
    KILLED. A trial that another process may be at stays pending; `gone` names a machine without
    living processes. Raise TrackingError if the experiment was deleted; log any other failure.

    >>> TrialRun("svm #3", {"trial": "3"}, {}).ended("FINISHED", {}).save(tmp_path / "3")
    >>> write_runs(store, pending_folders(tmp_path))
    >>> store.client.get_run(Job(tmp_path / "3", in_multirun=True).run_id).info.run_name
    'svm #3'
    """
    from filelock import FileLock

    ready = sorted(one for one in folders if (run := pending_run(one)) and _has_ended(run, gone))
    if not ready:
        return
    try:
        with uninterrupted(), FileLock(ready[0].parent / _LOCK):
            found = {path: pending_run(path) for path in ready}  # no other has written it
            _write(store, {path: _closed(run) for path, run in found.items() if run is not None})
    except TrackingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a store may raise is no fault of a trial
        _stay_pending(len(ready), error)


class LatestTrials:
    """Trials of a process that have ended since it last wrote runs, some seconds ago at the most.

    >>> LatestTrials(seconds=0).add(store, tmp_path)  # a folder without a run: nothing is written
    """

    def __init__(self, seconds: float = 5) -> None:
        """Write runs after so many seconds, the first at once."""
        self._seconds, self._folders, self._since = seconds, list[Path](), -math.inf

    def add(self, store: "Store", folder: Path) -> None:
        """Add a trial; write what is due. A failure is logged: the next call tries again."""
        self._folders.append(folder)
        if time.monotonic() - self._since < self._seconds:
            return
        try:
            write_runs(store, self._folders)
        except TrackingError as error:
            _stay_pending(len(self._folders), error)
        self._folders = [one for one in self._folders if (one / _FILE).exists()]
        self._since = time.monotonic()


def _has_ended(run: TrialRun, gone: str | None) -> bool:
    process = process_of(run.tags)
    return run.status != RUNNING or not is_others(process) or is_on(process, gone)


def _closed(run: TrialRun) -> TrialRun:
    return run.ended("KILLED", {}) if run.status == RUNNING else run


def _stay_pending(count: int, error: Exception) -> None:
    found = redact(str(error).partition("\n")[0] or type(error).__name__)
    text = "The runs of %d trials are not in MLflow yet: %s. They are tried again while the sweep "
    text += "goes on, at its end, by its resume, and by mode=clean clean.dry_run=false."
    log.warning(text, count, found)


def _write(store: "Store", runs: Mapping[Path, TrialRun]) -> None:
    """Write ended runs, note their ids in the folders, and remove the files."""
    direct = is_database(store)
    together = direct and _insert(store, *runs.values())
    for folder, run in runs.items():
        try:
            run_id = run.run_id if direct else _sent(store, run)
            if direct and not together:
                _insert(store, run)
            if run.traceback is not None:
                store.log_traceback(run_id, run.traceback)
            Job(folder, in_multirun=True).note_run(run_id)
            (folder / _FILE).unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001 - as above: one run keeps no other from MLflow
            _stay_pending(1, error)
            store.active_experiment()  # raises if it is the store that fails


def is_database(store: "Store") -> bool:
    """Return whether a store is a database that this process opens itself, not a server.

    >>> is_database(store)
    True
    """
    return not store.uri.startswith("http")


def _insert(store: "Store", *runs: TrialRun) -> bool:
    """Insert runs in one transaction; return False if MLflow refuses one of them."""
    at = store.active_experiment()
    rows = rows_of_runs(runs, at.experiment_id, str(at.artifact_location))
    try:
        store.client.insert_runs(rows)
    except Exception as error:
        if len(runs) > 1 and code_of(error) not in {None, "TEMPORARILY_UNAVAILABLE"}:
            return False
        raise  # the database is locked, full or gone
    return True


def _sent(store: "Store", run: TrialRun) -> str:
    """Write a run by the client, to a server; return its id there.

    The server chooses the id. A tag tells the run that a killed process has begun, or whose
    traceback could not be stored, so that it is continued.
    """
    query = f"tags.`{_TRIAL}` = '{run.run_id}'"
    begun = [*store.client.search_runs([store.experiment_id], query, max_results=1)]
    if begun and begun[0].info.end_time == run.end_time:
        return str(begun[0].info.run_id)  # complete
    tags = {**run.tags, _TRIAL: run.run_id}
    new = None if begun else store.start_run(run.name, tags, start_time=run.start_time)
    run_id = new or str(begun[0].info.run_id)
    store.log_scores(run_id, run.metrics, params=run.params)
    store.end_run(run_id, run.status, run.end_time)
    return run_id
