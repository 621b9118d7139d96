"""Report of one job: the figures that gate and registry know of a model."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, InstanceOf

from spaceship.errors import RegistryError
from spaceship.evaluation.holdout import HOLDOUT_FILE, HoldOut
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.slices import SliceScore
from spaceship.files import read_json, read_text, write_atomically, write_json
from spaceship.records import Figure, from_plain, to_plain

REPORT_FILE = "report.json"
_SINCE_VERSION_1 = {"run_id", "recipe", "metrics", "folds", "slices", "repeats", "holdout_sha256"}
"""Keys of every `report.json`, beside the names; `protocol` and `threshold` came later."""

_Rows = Annotated[InstanceOf[HoldOut] | None, Field(exclude=True)]


@dataclass(frozen=True)
class Report:
    """One job's figures.

    Attributes:
        name: The model's name.
        data_source: Name of the data source, such as "synthetic".
        data_digest: Digest of the data's contents.
        recipe: Everything needed to build the same pipeline again.
        metrics: `cv_*` (means over folds), `cv_*_std`, `holdout_*`, `fit_seconds`,
            `predict_rows_per_second`, `model_mb` (10⁶ bytes on disk).
        folds: The metrics of each fold.
        slices: Scores of the out-of-fold predictions by slice.
        repeats: Mean cross-validation metrics by the seed of the folds.
        holdout: The twin's hold-out predictions, if the job is gated.
        run_id: The MLflow run, once there is one.
        judged_on: A champion's hold-out as it was logged, where `holdout` has been made anew.
        protocol: The split that the figures rest on; None in reports of old.

    Example:
        >>> Report("lgbm on raw", "local", "ab12", metrics={"cv_accuracy": 0.8}).write(tmp_path)
        >>> Report.read(tmp_path).metrics
        {'cv_accuracy': 0.8}

    """

    name: str
    data_source: str
    data_digest: str
    recipe: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, Figure] = field(default_factory=dict)
    folds: list[dict[str, Figure]] = field(default_factory=list)
    slices: list[SliceScore] = field(default_factory=list)
    repeats: dict[str, dict[str, Figure]] = field(default_factory=dict)
    holdout: _Rows = None
    run_id: str | None = None
    judged_on: _Rows = None
    protocol: Annotated[Protocol | None, BeforeValidator(lambda value: value or None)] = None

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
        """Return the report that `write` wrote.

        Raises:
            RegistryError: A file is missing, broken, or of another version.

        """
        path = folder / REPORT_FILE
        content = read_json(path)
        if missing := sorted(_SINCE_VERSION_1 - content.keys()):
            message = f"expected the keys {', '.join(missing)} in {path}, found none"
            raise RegistryError(f"{message}; run the job again")
        report = from_plain(cls, content, path)
        if (sha256 := content["holdout_sha256"]) is None:
            return report
        threshold = content.get("threshold", THRESHOLD)
        return replace(report, holdout=_read_holdout(folder / HOLDOUT_FILE, sha256, threshold))

    def may_have_seen_holdout_of(self, other: "Report") -> bool:
        """Return whether its training part may contain rows that the other report holds out.

        False if the protocol of one of them is unknown.
        """
        mine, theirs = self.protocol, other.protocol
        if mine is None or theirs is None:
            return False
        return theirs.holdout_fraction > mine.holdout_fraction or theirs.salt != mine.salt


def _read_holdout(path: Path, sha256: str, threshold: float) -> HoldOut:
    found = _sha256(read_text(path))
    if found != sha256:
        message = (
            f"expected {path} to be the hold-out of the report beside it (sha256 {sha256}), "
            f"found another one ({found}); run the job again"
        )
        raise RegistryError(message)
    return HoldOut.read_csv(path, threshold)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
