"""Report of one job: the figures of a model for gate and registry."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, InstanceOf

from spaceship.data._base import Dataset
from spaceship.errors import RegistryError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE, HoldOut
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE, OutOfFold
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.slices import SliceScore
from spaceship.files import read_json, read_text, write_atomically, write_json
from spaceship.records import Figure, from_plain, to_plain

REPORT_FILE = "report.json"
_SINCE_VERSION_1 = {"run_id", "recipe", "metrics", "folds", "slices", "repeats", "holdout_sha256"}
"""Keys of every `report.json`, beside the names; others came later."""
SPLIT = "split"  # stage of a run: its folds
OUT_OF_FOLD = "out_of_fold"  # stage of a run: its out-of-fold predictions
REPORT_FILES = (REPORT_FILE, HOLDOUT_FILE, OUT_OF_FOLD_FILE)


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
    run_id: str | None = None  # the MLflow run, once there is one
    candidates: int = 1  # scored candidates that this one is the best of
    rows: int = 0  # labelled ones of the data; 0: unknown
    drawn_from: int = 0  # labelled rows of which `data.sample` drew these; 0: no sample
    grown_by: int = 0  # workers of a cluster that grew its trees together; 0: one process did
    # share of the hold-out's rows with each value, by the name of a slice or of a label of classes
    holdout_shares: dict[str, dict[str, float]] = field(default_factory=dict)
    holdout: Annotated[InstanceOf[HoldOut] | None, Field(exclude=True)] = None  # of the twin
    out_of_fold: Annotated[InstanceOf[OutOfFold] | None, Field(exclude=True)] = None
    protocol: Annotated[Protocol | None, BeforeValidator(lambda value: value or None)] = None
    task: dict[str, Any] = field(default_factory=dict)  # `Task.to_plain`
    stages: dict[str, str] = field(default_factory=dict)  # digest of each; more in the run's record

    @classmethod
    def missing(cls, name: str, run_id: str | None = None) -> Self:
        """Return the report of a model whose report is lost: the gate refuses to compare it."""
        return cls(name=name, data_source="", data_digest="", run_id=run_id)

    @classmethod
    def blank(cls, source: str, data: Dataset, protocol: Protocol) -> Self:
        """Return the report of a data source and a protocol, without a name and figures."""
        made = cls("", source, data.digest, protocol=protocol.on(data.train, data.task))
        plain = data.task.to_plain()
        return replace(made, task=plain, rows=len(data.train), drawn_from=data.drawn_from)

    @property
    def recorded(self) -> bool:
        """Whether a record of the run stands behind it; a trial of a sweep has none yet.

        >>> Report("lgbm", "local", "ab12").recorded
        False
        """
        return SPLIT in self.stages

    @property
    def sample_words(self) -> str:
        """The sample that all figures are of, in words; empty if they are of all rows.

        >>> Report("lgbm", "local", "ab12", rows=500, drawn_from=10_000).sample_words
        'a sample of 500 of 10,000 labelled rows'
        """
        if not self.drawn_from:
            return ""
        return f"a sample of {self.rows:,} of {self.drawn_from:,} labelled rows"

    def write(self, folder: Path) -> None:
        """Write `report.json` and the rows that the report has: `holdout.csv`, out-of-fold losses.

        The JSON is written last and carries the digest of the hold-out's file: a run killed in
        between leaves no report beside the hold-out of another run.
        """
        rows = None if self.holdout is None else self.holdout.to_csv()
        if rows is not None:
            write_atomically(folder / HOLDOUT_FILE, rows)
        if self.out_of_fold is not None:
            self.out_of_fold.write(folder)
        content = to_plain(self) | {"holdout_labelled": False}
        content["holdout_sha256"] = None if rows is None else _sha256(rows)
        content["threshold"] = THRESHOLD if self.holdout is None else self.holdout.threshold
        write_json(folder / REPORT_FILE, content)

    @classmethod
    def read(cls, folder: Path, labels: Labels | None = None) -> Self:
        """Return the report in a folder; the hold-out only where the labels of the data are given.

        Raise RegistryError if a file is missing or broken.
        """
        path = folder / REPORT_FILE
        content = read_json(path)
        if missing := sorted(_SINCE_VERSION_1 - content.keys()):
            keys = f"the keys {', '.join(missing)} in {path}"
            raise RegistryError(expected(keys, "none", "run the job again"))
        report = from_plain(cls, content, path)
        report = replace(report, out_of_fold=OutOfFold.read(folder))
        if labels is None or content["holdout_sha256"] is None:
            return report
        return replace(report, holdout=_holdout(folder, content, labels))

    def may_have_seen_holdout_of(self, other: "Report") -> bool:
        """Return whether this report's training part may contain hold-out rows of the other.

        False if one of the protocols is unknown.
        """
        mine, theirs = self.protocol, other.protocol
        return mine is not None and theirs is not None and mine.may_have_seen_holdout_of(theirs)

    def shares_split(self, other: "Report") -> bool:
        """Return whether both split by the same settings, and this one saw no hold-out row.

        The hold-out is the other report's. False if one of the protocols is unknown.
        """
        mine, theirs = self.protocol, other.protocol
        same = mine is not None and theirs is not None and mine.settings == theirs.settings
        return same and not self.may_have_seen_holdout_of(other)

    def check_same_groups(self, candidate: "Report") -> None:
        """Raise RegistryError if the candidate's split may separate rows of a group."""
        if (one := self.protocol) is None or (other := candidate.protocol) is None:
            return
        if (one.kind, one.by) != (other.kind, other.by):
            what = f"a hold-out split like that of the model to beat ({one.kind}, by {one.by})"
            do = "split as it was, or begin anew on record: "
            do += "gate.reseal=true split.salt=TEXT reason='…'"
            raise RegistryError(expected(what, f"{other.kind}, by {other.by}", do))


def _holdout(folder: Path, content: Mapping[str, Any], labels: Labels) -> HoldOut:
    """Return the hold-out beside a report; raise RegistryError if it is another one's."""
    rows, sha256 = folder / HOLDOUT_FILE, content["holdout_sha256"]
    if (found := _sha256(read_text(rows))) != sha256:
        what = f"{rows} to be the hold-out of the report beside it (sha256 {sha256})"
        raise RegistryError(expected(what, f"another one ({found})", "run the job again"))
    threshold, old = content.get("threshold", THRESHOLD), content.get("holdout_labelled", True)
    return HoldOut.read_csv(rows, labels, threshold, labelled=old)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
