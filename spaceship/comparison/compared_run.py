"""One of two compared runs: what MLflow holds of it, its record, its report and its data."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import pandas as pd

from spaceship.data._base import Dataset
from spaceship.data.cache import dataset_of
from spaceship.data.digest import TableDigest
from spaceship.errors import RegistryError, SpaceshipError
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.gate.policy import Reveal
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.record.fetched import fetch_record
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import DATA_FOLDER
from spaceship.record.stages import data_stages
from spaceship.registry.registry import PROVENANCE_FILE
from spaceship.task.task import Task
from spaceship.tracking.run_files import fetch_files

if TYPE_CHECKING:
    from mlflow.entities import Run

log = logging.getLogger(__name__)

Made = TypeVar("Made")


@dataclass(frozen=True)
class ComparedRun:
    """A run with copies of its files; what it does not have, or what is broken, is None.

    >>> run = experiment.store.client.get_run(experiment.store.start_run("a job", {}))
    >>> found = ComparedRun.fetch(experiment, run, "last", tmp_path)
    >>> found.named, found.record, found.report, found.seconds
    ('last', None, None, None)
    """

    experiment: Experiment
    named: str  # as a person names it: an id, `champion`, `last`
    run: "Run"
    folder: Path  # of the copies

    @classmethod
    def fetch(cls, experiment: Experiment, run: "Run", named: str, below: Path) -> Self:
        """Return a run whose files are copied to a new folder."""
        folder = below / run.info.run_id
        folder.mkdir()
        with suppress(RegistryError):  # a trial whose folder is gone
            fetch_record(experiment.registry, run.info.run_id, run, folder)
        return cls(experiment, named, run, folder)

    @cached_property
    def record(self) -> RecordedRun | None:
        """The record of the run; None: made by an earlier release, or lost."""
        return self._read(PROVENANCE_FILE, lambda: RecordedRun.read(self.folder, self.named))

    @cached_property
    def report(self) -> Report | None:
        """The report, without its hold-out."""
        return self._read(REPORT_FILE, lambda: Report.read(self.folder))

    @cached_property
    def verdict(self) -> Verdict | None:
        """The verdict of the gate."""
        return self._read(VERDICT_FILE, lambda: Verdict.read(self.folder))

    @property
    def source(self) -> str:
        """The name of its data source; empty: not known."""
        named = "" if self.record is None else str(self.record.provenance.data.get("name", ""))
        return str(self.run.data.tags.get("data_source", named))

    @property
    def digest(self) -> str:
        """The digest of its data; empty: not known."""
        return str(self.run.data.tags.get("data_digest", ""))

    @property
    def typed_digests(self) -> dict[str, TableDigest]:
        """The digests of the typed tables; empty: not recorded."""
        return {} if self.record is None else self.record.provenance.stages.get("typed", {})

    @property
    def seconds(self) -> float | None:
        """The time from its start to its end."""
        ends = self.run.info.start_time, self.run.info.end_time
        return (ends[1] - ends[0]) / 1000 if all(ends) else None

    @property
    def on_ladder(self) -> bool:
        """Whether it was judged under `gate.reveal=ladder`, as far as it is recorded."""
        gate = self.record.provenance.config.get("gate") if self.record is not None else None
        return isinstance(gate, dict) and gate.get("reveal") == Reveal.LADDER

    @property
    def has_ids(self) -> bool:
        """Whether its task names rows; without ids they are numbered."""
        return self.report is not None and self.report.task.get("id") is not None

    @cached_property
    def typed(self) -> Dataset | None:
        """The typed tables, as they are stored below `paths.outputs` or with the run."""
        if self.report is None or not self.report.task or not self.digest:
            return None
        task, store = Task.read(self.report.task), self.experiment.store
        stored = (self.experiment.outputs / "data" / task.name / self.source).glob("*")
        if (found := dataset_of(self.digest, sorted(stored), task)) is not None:
            return found
        fetch_files(store, self.run, [DATA_FOLDER], self.folder)
        return dataset_of(self.digest, [self.folder / DATA_FOLDER], task)

    @cached_property
    def labels(self) -> Labels | None:
        """The label of each labelled row, if the typed tables are there."""
        return None if self.typed is None else Labels.of(self.typed.task, self.typed.train)

    @cached_property
    def rows(self) -> pd.DataFrame | None:
        """By id a hash of the `typed` values of each labelled row, and its `fold` if recorded."""
        if self.record is not None and self.record.rows is not None:
            return self.record.rows.set_index("id")
        if (data := self.typed) is None:
            return None
        ids = pd.Index(data.task.names(data.train).astype("str"))
        return pd.DataFrame({"typed": data_stages(data)[1]}, ids)

    @cached_property
    def holdout(self) -> HoldOut | None:
        """The twin's predictions, where the verdict tells them and the labels are there."""
        told = self.verdict is not None and self.verdict.told
        if self.labels is None or self.report is None or not told:
            return None
        return self._read(REPORT_FILE, lambda: Report.read(self.folder, self.labels).holdout)

    def _read(self, name: str, read: Callable[[], Made]) -> Made | None:
        """Return what a file holds; None if it is missing, or cannot be read."""
        try:
            return read() if (self.folder / name).is_file() else None
        except SpaceshipError as error:
            log.warning("The %s of %s cannot be used: %s", name, self.named, error)
            return None
