"""Copies of the files of a run's record: its artifacts, or what is kept with its version."""

from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.errors import RegistryError
from spaceship.evaluation.report import REPORT_FILE
from spaceship.gate.verdict import VERDICT_FILE
from spaceship.record.recorded_run import RECORD_FILES
from spaceship.record.trial import write_trial
from spaceship.registry.registry import PROVENANCE_FILE, Registry, Version
from spaceship.tracking.run_files import fetch_files

if TYPE_CHECKING:
    from mlflow.entities import Run

_FILES = (*RECORD_FILES, REPORT_FILE, VERDICT_FILE)


def fetch_record(
    registry: Registry, run_id: str, run: "Run | None", folder: Path
) -> Version | None:
    """Copy the record, report and verdict of a run; return the version that lent lost ones.

    `run` is None if it was purged. The record of a trial is written from that of its sweep: raise
    RegistryError if its own folder is gone.

    >>> run = store.client.get_run(store.start_run("a job", {}))
    >>> store.client.log_text(run.info.run_id, "{}", PROVENANCE_FILE)
    >>> fetch_record(registry, run.info.run_id, run, tmp_path)
    >>> [path.name for path in tmp_path.glob("*.json")]
    ['provenance.json']
    """
    if run is not None:
        fetch_files(registry.store, run, _FILES, folder)
    if (folder / PROVENANCE_FILE).is_file():
        return None
    versions = registry.versions_of(run_id)[-1:]
    for version, file in product(versions, _FILES):
        with suppress(RegistryError):  # not kept, or not whole
            registry.fetch(version, file, folder)
    lost = not (folder / PROVENANCE_FILE).is_file()
    if lost and run is not None and "trial" in run.data.tags:
        write_trial(registry.store, run_id, run.data.tags, folder)
    return next(iter(versions), None)
