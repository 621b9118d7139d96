"""The recorded run that `run=` names: by alias, version, id or name, as the last, or a folder."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowException

from spaceship.errors import RegistryError, expected
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE, LoggedVerdict
from spaceship.mode._run import wanted_run
from spaceship.progress import phase
from spaceship.record.fetched import fetch_record
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import DATA_FOLDER
from spaceship.registry.registry import CHALLENGER, CHAMPION, PROVENANCE_FILE, Registry, Version
from spaceship.reproduction.rival import Rival
from spaceship.tracking.leaderboard import PARENT_TAG, Runs
from spaceship.tracking.run_files import fetch_files
from spaceship.tracking.runs import read_runs
from spaceship.tracking.store import FOLDER_TAG, Store

_RECORDED = {"default", "train", "tune", "pp", "simulate"}
"""Modes whose runs have a record."""
_ID = re.compile("[0-9a-f]{32}")  # of a run
_LAST, _BEST = "last", "best_run_id"
_ERAS = "simulation"  # folder of a simulation below that of its job


@dataclass(frozen=True)
class RunToMake:
    """A recorded run, and what its verdict was held against."""

    run: RecordedRun
    rival: Rival
    outputs: Path  # folder whose cache may hold its data


def recorded_run(experiment: Experiment, folder: Path) -> RunToMake:
    """Return the run that `run=` names, its files in a folder that is not there yet.

    Its record is that of the run or, if that is lost, the one kept with its version. Raise
    SpaceshipError if there is no such run, or no record of it is left.
    """
    wanted, registry = experiment.settings.run, experiment.registry
    place = Path(wanted or "").expanduser()
    if wanted and (
        (place / PROVENANCE_FILE).is_file() or (len(place.parts) > 1 and place.is_dir())
    ):
        return _of_folder(place.absolute(), registry)
    folder.mkdir(parents=True)
    if (version := _version(registry, wanted)) is not None:
        return _of_run(experiment, version.run_id, folder, version)
    runs = Runs.of(read_runs(experiment.store, ("mode", PARENT_TAG)))
    if wanted != _LAST:
        row = wanted_run(experiment, runs, wanted, "reproduce")
        return _of_run(experiment, row.run_id, folder)
    known = [one for one in runs.by_id.values() if one.tags.get("mode") in _RECORDED]
    if not (made := [one for one in known if PARENT_TAG not in one.tags]):
        do = f"train one: {registry.command('mode=train')}"
        raise RegistryError(expected("a run that trained or prepared", "none", do))
    return _of_run(experiment, made[-1].run_id, folder)


def _version(registry: Registry, wanted: str | None) -> Version | None:
    """Return the version that an alias, a number or the id of its run names, else the champion."""
    if wanted is None or wanted in (CHAMPION, CHALLENGER):
        return registry.find(wanted or CHAMPION)  # without one `wanted_run` says what to do
    if wanted.isdecimal():
        with suppress(RegistryError):
            return registry.version(wanted)
    of_run = registry.versions_of(wanted) if _ID.fullmatch(wanted) else []  # perhaps purged
    return of_run[-1] if of_run else None


def _of_folder(folder: Path, registry: Registry) -> RunToMake:
    """Return the run whose record lies in a folder, such as that of a simulation's era."""
    if folder.parent.name == _ERAS:
        place, task = folder.parent, registry.model.rpartition("-")[0]
        store = Store(f"sqlite:///{place}/mlflow.db", str(place / "mlartifacts"), _ERAS)
        registry = Registry(store, f"{task}-{_ERAS}", place / "locks")
    return _made(folder, folder.name, registry)


def _of_run(
    experiment: Experiment, run_id: str, folder: Path, version: Version | None = None
) -> RunToMake:
    """Return a run of the store; of a sweep its best, of a simulation its last era."""
    registry, store = experiment.registry, experiment.store
    run = None
    with phase("Reading the record"), suppress(MlflowException):  # purged: its version is left
        run = store.client.get_run(run_id)
    tags = {} if run is None else run.data.tags
    if _BEST in tags:
        return _of_run(experiment, tags[_BEST], folder)
    eras = (Path(tags.get(FOLDER_TAG, "")) / _ERAS).glob(f"era-*/{PROVENANCE_FILE}")
    if era := max(eras, key=lambda path: int(path.parent.name[4:]), default=None):
        return _of_folder(era.parent, registry)
    name, version = f"run {run_id[:8]}", fetch_record(registry, run_id, run, folder) or version
    if run is not None:
        name = f"{run.info.run_name} ({run_id[:8]})"
        fetch_files(store, run, [DATA_FOLDER], folder)
    if version is not None:
        name = f"version {version.number} of {registry.model}"
    return _made(folder, name, registry)


def _made(folder: Path, name: str, registry: Registry) -> RunToMake:
    run = RecordedRun.read(folder, name)
    paths = {file: folder / file for file in (REPORT_FILE, VERDICT_FILE)}
    found = {file: path.is_file() for file, path in paths.items()}
    report = Report.read(folder) if found[REPORT_FILE] else None
    verdict = LoggedVerdict.read(folder) if found[VERDICT_FILE] else None
    return RunToMake(run, Rival(verdict, report, registry), registry.lock_folder.parent)
