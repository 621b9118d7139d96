"""Report of one job: the figures that gate and registry know of a model."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

import pandas as pd
from pydantic import BeforeValidator, Field, InstanceOf

from spaceship.errors import RegistryError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE, HoldOut
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.slices import SliceScore
from spaceship.files import read_json, read_text, write_atomically, write_json
from spaceship.records import Figure, from_plain, to_plain
from spaceship.task.task import Task

REPORT_FILE = "report.json"
_SINCE_VERSION_1 = {"run_id", "recipe", "metrics", "folds", "slices", "repeats", "holdout_sha256"}
"""Keys of every `report.json`, beside the names; `protocol` and `threshold` came later."""

_Rows = Annotated[InstanceOf[HoldOut] | None, Field(exclude=True)]


@dataclass(frozen=True)
class Report:
    """One job's figures.

    >>> Report("lgbm on raw", "local", "ab12", metrics={"cv_accuracy": 0.8}).write(tmp_path)
    >>> Report.read(tmp_path).metrics
    {'cv_accuracy': 0.8}
    """

    name: str  # the model's name
    data_source: str  # such as "synthetic"
    data_digest: str  # digest of the data's contents
    recipe: dict[str, object] = field(default_factory=dict)  # builds the same pipeline again
    # `cv_*`, `cv_*_std`, `holdout_*`, `fit_seconds`, `predict_rows_per_second`, `model_mb` (10⁶ B)
    metrics: dict[str, Figure] = field(default_factory=dict)
    folds: list[dict[str, Figure]] = field(default_factory=list)  # the metrics of each fold
    slices: list[SliceScore] = field(default_factory=list)  # of the out-of-fold predictions
    repeats: dict[str, dict[str, Figure]] = field(default_factory=dict)  # means by seed of folds
    holdout: _Rows = None  # the twin's predictions, if the job is gated
    run_id: str | None = None  # the MLflow run, once there is one
    judged_on: _Rows = None  # a champion's hold-out as logged, where `holdout` has been made anew
    protocol: Annotated[Protocol | None, BeforeValidator(lambda value: value or None)] = None
    task: dict[str, Any] = field(default_factory=dict)  # `Task.to_plain`

    @classmethod
    def missing(cls, name: str, run_id: str | None = None) -> Self:
        """Return the report of a model whose report is lost: the gate refuses to compare it."""
        return cls(name=name, data_source="", data_digest="", run_id=run_id)

    def write(self, folder: Path) -> None:
        """Write `report.json` and, if there is a hold-out, `holdout.csv`.

        The JSON is written last and carries the other file's digest: a run killed in between
        leaves no report beside the hold-out of another run.
        """
        rows = None if self.holdout is None else self.holdout.to_csv()
        if rows is not None:
            write_atomically(folder / HOLDOUT_FILE, rows)
        content = to_plain(self)
        content["holdout_sha256"] = None if rows is None else _sha256(rows)
        content["threshold"] = THRESHOLD if self.holdout is None else self.holdout.threshold
        write_json(folder / REPORT_FILE, content)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the report in a folder; raise RegistryError if a file is missing or broken."""
        path = folder / REPORT_FILE
        content = read_json(path)
        if missing := sorted(_SINCE_VERSION_1 - content.keys()):
            keys = f"the keys {', '.join(missing)} in {path}"
            raise RegistryError(expected(keys, "none", "run the job again"))
        report = from_plain(cls, content, path)
        if (sha256 := content["holdout_sha256"]) is None:
            return report
        if (found := _sha256(read_text(rows := folder / HOLDOUT_FILE))) != sha256:
            what = f"{rows} to be the hold-out of the report beside it (sha256 {sha256})"
            raise RegistryError(expected(what, f"another one ({found})", "run the job again"))
        threshold = content.get("threshold", THRESHOLD)
        return replace(report, holdout=HoldOut.read_csv(rows, threshold))

    def groups(self, rows: HoldOut) -> pd.Series:
        """Return the name of the group of each hold-out row, by id."""
        if rows.groups is not None or not self.task.get("group"):
            return rows.group_names
        named = Task.read(self.task).group_names(rows.ids.to_frame(index=False))
        return named.set_axis(rows.ids)

    def may_have_seen_holdout_of(self, other: "Report") -> bool:
        """Return whether this report's training part may contain hold-out rows of the other.

        False if one of the protocols is unknown.
        """
        mine, theirs = self.protocol, other.protocol
        return mine is not None and theirs is not None and mine.may_have_seen_holdout_of(theirs)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
