"""Record of a run, `provenance.json`: begun before it works, completed stage by stage."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from hydra_plugins.spaceship_optuna.config_text import redact, redacted
from hydra_plugins.spaceship_optuna.process import is_own, process_tags
from spaceship.data._base import Dataset
from spaceship.data.cache import write_dataset
from spaceship.data.digest import TableDigest, short_digest
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import OUT_OF_FOLD, SPLIT, Report
from spaceship.experiment import Experiment
from spaceship.files import write_atomically, write_json
from spaceship.gate.verdict import Verdict
from spaceship.model.recipe import Recipe
from spaceship.process.temporary import temporary_folder
from spaceship.record import stages as stage
from spaceship.record.code import Code
from spaceship.record.environment import Environment
from spaceship.record.model_digest import model_digest
from spaceship.records import read_record, to_plain
from spaceship.registry.registry import PROVENANCE_FILE
from spaceship.tracking.job import Job
from spaceship.tracking.leaderboard import PARENT_TAG
from spaceship.tracking.run_files import fetch_files

ROWS_FILE = "rows.parquet"
"""A row per labelled one: id, hash of its typed values, fold that tests it, hash of features."""
DATA_FOLDER = "data"
"""Artifacts of a run with `record.data=true`: the typed tables as Parquet."""


@dataclass(frozen=True)
class LaterProcess:
    """A process that went on with a run: it resumed a study, or fitted what another one scored."""

    after: list[str]  # stages that were recorded before it
    environment: Environment
    code: Code | None  # None: as at the start of the run
    process: dict[str, str]  # place, number and start


@dataclass(frozen=True)
class Provenance:
    """What a run rests on, and digests of what came out of it.

    >>> _ = RunRecord.start(experiment, tmp_path, None)
    >>> read_record(tmp_path / PROVENANCE_FILE, Provenance).task["name"]
    'spaceship_titanic'
    """

    run_id: str | None  # of MLflow
    command: str  # without secrets; that of the run above, if it has none; empty: not known
    folder: str  # in which it was typed
    config: dict[str, Any]  # resolved, without secrets
    task: dict[str, str]  # name, and digest of what its YAML says
    data: dict[str, Any]  # source: name, and where its tables come from, without secrets
    code: Code
    environment: Environment
    recipe: dict[str, Any] = field(default_factory=dict)  # resolved, seeds and threads included
    grown_by: int = 0  # workers of a cluster that grew the trees together; 0: this machine alone
    process: dict[str, str] = field(default_factory=dict)  # that began the run
    later: list[LaterProcess] = field(default_factory=list)  # that went on with it
    stages: stage.Stages = field(default_factory=dict)

    def at(self, stage: str) -> Self:
        """Return the record with code and environment of the process that made a stage.

        >>> _ = RunRecord.start(experiment, tmp_path, None)
        >>> record = read_record(tmp_path / PROVENANCE_FILE, Provenance)
        >>> older = replace(record.environment, packages={"scipy": "1.0"})
        >>> record = replace(record, later=[LaterProcess(["raw"], older, None, {})])
        >>> [record.at(stage).environment == older for stage in ("raw", "typed")]
        [False, True]
        """
        found = self
        for one in self.later:
            if stage not in one.after:
                code = one.code or found.code
                found = replace(found, environment=one.environment, code=code)
        return found


@dataclass(frozen=True)
class RunRecord:
    """The record in a job's folder, and among the artifacts of its run.

    >>> record = RunRecord.start(experiment, tmp_path, None)
    >>> record.loaded(people)
    >>> [*read_record(tmp_path / PROVENANCE_FILE, Provenance).stages]
    ['raw', 'typed']
    """

    experiment: Experiment
    folder: Path
    run_id: str | None

    @classmethod
    def start(cls, experiment: Experiment, folder: Path, run_id: str | None) -> Self:
        """Write and log a new record, before any work is done."""
        made, config = cls(experiment, folder, run_id), experiment.nodes.loggable()
        made._write(
            Provenance(
                run_id=run_id,
                command=made._command(),
                folder=redact(str(Path.cwd())),
                config=config,
                task={"name": experiment.task.name, "digest": _digest(config["task"])},
                data={"name": experiment.source.name, **_place(experiment, config)},
                code=Code.present(),
                environment=Environment(),
                process=process_tags(),
            )
        )
        return made

    @classmethod
    def of(cls, experiment: Experiment, job: Job) -> Self:
        """Return the record of a job, started now if it has none: Hydra runs no era, no blend."""
        return cls.resume(experiment, job.folder, job.run_id)

    @classmethod
    def resume(cls, experiment: Experiment, folder: Path, run_id: str | None) -> Self:
        """Return the record of a run, started if there is none; note a process that is another."""
        made = cls(experiment, folder, run_id)
        if run_id is not None and not made._path.is_file():  # begun on another machine, or never
            run = experiment.store.client.get_run(run_id)
            fetch_files(experiment.store, run, [PROVENANCE_FILE], folder)
        known = made._read() if made._path.is_file() else None
        if known is None or known.run_id != run_id:
            return cls.start(experiment, folder, run_id)
        processes = [known.process, *(one.process for one in known.later)]
        if not any(map(is_own, processes)):
            code = None if Code.present() == known.code else Code.present()
            later = LaterProcess([*known.stages], Environment(), code, process_tags())
            made._write(replace(known, later=[*known.later, later]))
        return made

    def loaded(self, data: Dataset) -> None:
        """Add the stages of raw and typed tables."""
        self._add(stage.data_stages(data)[0])

    def scored(self, report: Report, recipe: Recipe, features: stage.FoldFeatures) -> Report:
        """Add all up to the out-of-fold predictions; return the report with the digests."""
        data, part = self.experiment.dataset, self.experiment.training
        made, typed = stage.data_stages(data)
        folds = stage.folds_of(part, len(data.train))
        made |= {SPLIT: stage.split_stage(folds), "features": features.tables}
        made[OUT_OF_FOLD] = {"rows": TableDigest(report.stages[OUT_OF_FOLD], len(part.rows))}
        hashes = np.zeros(len(folds), np.uint64)
        hashes[part.rows.index] = features.rows
        ids = data.task.names(data.train).to_numpy()
        rows = pd.DataFrame({"id": ids, "typed": typed, "fold": folds, "features": hashes})
        buffer = BytesIO()
        rows.to_parquet(buffer)
        write_atomically(self.folder / ROWS_FILE, buffer.getvalue())
        self._log(self.folder / ROWS_FILE)
        if self.experiment.settings.record.data:
            self._log_data(data)
        plain = self.experiment.nodes.resolved_values(recipe.to_plain())
        facts = {"recipe": redacted(plain), "grown_by": report.grown_by}
        return replace(report, stages=self._add(made, **facts))

    def fitted(self, report: Report, holdout: HoldOut, job: Job) -> Report:
        """Add the hold-out's predictions and both models; return the report with the digests."""
        models = {"twin": model_digest(job.twin), "serving": model_digest(job.model)}
        made = {"holdout": stage.holdout_stage(holdout), "model": models}
        if report.repeats:
            experiment = self.experiment
            part, protocol = experiment.training, experiment.protocol
            made["repeats"] = stage.repeats_stage(part, protocol, report)
        return replace(report, stages=self._add(made))

    def judged(self, verdict: Verdict) -> None:
        """Add the verdict."""
        self._add({"verdict": stage.verdict_stage(verdict)})

    @property
    def _path(self) -> Path:
        return self.folder / PROVENANCE_FILE

    def _read(self) -> Provenance:
        return read_record(self._path, Provenance)

    def _add(self, made: stage.Stages, **changes: Any) -> dict[str, str]:
        """Write and log the record with more stages; return the digest of each."""
        known = self._read()
        stages = known.stages | made
        self._write(replace(known, stages=stages, **changes))
        return stage.in_short(stages)

    def _write(self, record: Provenance) -> None:
        write_json(self._path, to_plain(record))
        self._log(self._path)

    def _log(self, path: Path) -> None:
        if self.run_id is not None:
            self.experiment.store.client.log_artifact(self.run_id, str(path))

    def _log_data(self, data: Dataset) -> None:
        """Log the typed tables, which `data/cache.py` reads."""
        if self.run_id is None:
            return
        with temporary_folder() as temporary:
            folder = temporary / DATA_FOLDER
            write_dataset(data, folder)
            self.experiment.store.client.log_artifacts(self.run_id, str(folder), DATA_FOLDER)

    def _command(self) -> str:
        """Return the command in the tags of the run, or of the one above it."""
        run_id = self.run_id
        while run_id is not None:
            tags = self.experiment.store.client.get_run(run_id).data.tags
            if "command" in tags:
                return str(tags["command"])
            run_id = tags.get(PARENT_TAG)
        return ""


def _digest(node: object) -> str:
    return short_digest(json.dumps(node, sort_keys=True))


def _place(experiment: Experiment, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the tables come from: settings of the data source, without secrets."""
    if experiment.given is None:
        return dict(config["data"])
    known = vars(experiment.given).items()
    return {key: redact(str(one)) for key, one in known if not key.startswith("_")}
