"""What one job measured: the only thing the gate and the registry know about a model.

Standard library only, so that reports can be read and judged anywhere.
"""

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from spaceship.errors import ConfigError, RegistryError
from spaceship.files import read_json, read_text, write_atomically, write_json

DIRECTIONS: dict[str, str] = {
    "accuracy": "maximize",
    "roc_auc": "maximize",
    "log_loss": "minimize",
    "brier": "minimize",
    "ece": "minimize",
}
"""Whether more or less of each metric is better, declared here and nowhere else."""

THRESHOLD = 0.5
"""A passenger is predicted transported if the probability is above it, unless a model tuned its
own."""

REPORT_FILE = "report.json"
HOLDOUT_FILE = "holdout.csv"
_COLUMNS = ["PassengerId", "Transported", "probability"]
_LABELS = {"True": True, "False": False}


def direction(metric: str) -> str:
    """Return "maximize" or "minimize" for a metric, with or without `cv_` or `holdout_`."""
    bare = metric.removeprefix("cv_").removeprefix("holdout_")
    if bare not in DIRECTIONS:
        choices = ", ".join(sorted(DIRECTIONS))
        msg = f"Expected one of the metrics {choices} (also as cv_… or holdout_…), got {metric!r}."
        raise ConfigError(msg)
    return DIRECTIONS[bare]


def names_of(metric: object) -> list[str]:
    """Return the metrics that `objective.metric` names: one, or a list of them.

    Raises:
        ConfigError: It is neither.

    """
    several = [metric] if isinstance(metric, str) else metric
    known = isinstance(several, Sequence) and all(isinstance(name, str) for name in several)
    if not known or not several:
        msg = f"Expected objective.metric to name a metric, or a list of them, got {metric!r}."
        raise ConfigError(msg)
    return list(several)  # type: ignore[call-overload, no-any-return]


def better(metric: str, a: float, b: float) -> bool:
    """Tell whether `a` is strictly better than `b`; a NaN is never better, nor beaten."""
    return a > b if direction(metric) == "maximize" else a < b


@dataclass(frozen=True)
class HoldOut:
    """What a twin predicted for passengers it has not seen, one entry each `(n_rows,)`.

    Attributes:
        passenger_ids: Who they are.
        labels: Whether they were transported.
        probabilities: The twin's probability of it.
        threshold: The probability above which the twin says so.
        slices: By name of a slice, such as `HomePlanet`, each passenger's value in it.

    """

    passenger_ids: tuple[str, ...]
    labels: tuple[bool, ...]
    probabilities: tuple[float, ...]
    threshold: float = THRESHOLD
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together."""
        columns = (self.passenger_ids, self.labels, self.probabilities, *self.slices.values())
        lengths = tuple(len(column) for column in columns)
        if len(set(lengths)) > 1:
            msg = f"A hold-out needs columns of one length, got {lengths}."
            raise ValueError(msg)
        if len(set(self.passenger_ids)) < len(self.passenger_ids):
            msg = "A hold-out needs distinct PassengerIds, got duplicates."
            raise ValueError(msg)

    @property
    def predictions(self) -> tuple[bool, ...]:
        """The predicted labels."""
        return tuple(probability > self.threshold for probability in self.probabilities)

    @property
    def accuracy(self) -> float:
        """The share of correct predictions; NaN without rows or with a NaN among them."""
        if not self.labels or any(math.isnan(p) for p in self.probabilities):
            return math.nan
        pairs = zip(self.predictions, self.labels, strict=True)
        return sum(guess == label for guess, label in pairs) / len(self.labels)

    @classmethod
    def read_csv(cls, path: Path, threshold: float = THRESHOLD) -> Self:
        """Read what `to_csv` returned; the threshold is not in the file.

        Raises:
            RegistryError: The file is missing or broken.

        """
        header, *rows = list(csv.reader(io.StringIO(read_text(path)))) or [[]]
        try:
            if header[:3] != _COLUMNS:
                raise ValueError(header)  # noqa: TRY301 - one message for every way to be broken
            columns: list[tuple[str, ...]] = list(zip(*rows, strict=True)) or [()] * len(header)
            ids, labels, probabilities, *values = columns
            truth = tuple(_LABELS[label] for label in labels)
            chances = tuple(map(float, probabilities))
            slices = dict(zip(header[3:], values, strict=True))
            return cls(ids, truth, chances, threshold, slices)
        except (KeyError, ValueError) as error:
            wanted = ", ".join(_COLUMNS)
            msg = f"Expected rows of {wanted} in {path}, found {error}. Run the job again."
            raise RegistryError(msg) from error

    def to_csv(self) -> str:
        """Return the rows as text, probabilities with every digit."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([*_COLUMNS, *self.slices])
        rows = zip(
            self.passenger_ids, self.labels, self.probabilities, *self.slices.values(), strict=True
        )
        writer.writerows((i, bool(label), repr(float(p)), *rest) for i, label, p, *rest in rows)
        return buffer.getvalue()


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
        slices: Scores of the out-of-fold predictions by slice of the passengers.
        repeats: Mean cross-validation metrics by the seed of the folds.
        holdout: The twin's hold-out predictions, if the job is gated.
        run_id: The MLflow run, once there is one.
        judged_on: A champion's hold-out as it was logged, where `holdout` has been made anew.
        protocol: How the figures were made: hold-out, folds, seed; empty in reports of old.

    """

    name: str
    data_source: str
    data_digest: str
    recipe: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    folds: list[dict[str, float]] = field(default_factory=list)
    slices: list[dict[str, Any]] = field(default_factory=list)
    repeats: dict[str, dict[str, float]] = field(default_factory=dict)
    holdout: HoldOut | None = None
    run_id: str | None = None
    judged_on: HoldOut | None = None
    protocol: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def missing(cls, name: str, run_id: str | None = None) -> Self:
        """Return the report of a model whose report is lost: the gate refuses to compare it."""
        return cls(name=name, data_source="", data_digest="", run_id=run_id)

    def write(self, folder: Path) -> None:
        """Write `report.json` and, if there is a hold-out, `holdout.csv`.

        The JSON is written last and carries the other file's digest, so that a run killed in
        between never leaves a report that goes with another run's hold-out.
        """
        rows = None if self.holdout is None else self.holdout.to_csv()
        if rows is not None:
            write_atomically(folder / HOLDOUT_FILE, rows)
        content = {name: getattr(self, name) for name in (*_TEXTS, "protocol")}
        content |= {name: _nan_to_null(getattr(self, name)) for name in _NUMBERS}
        content["holdout_sha256"] = None if rows is None else _sha256(rows)
        content["threshold"] = THRESHOLD if self.holdout is None else self.holdout.threshold
        write_json(folder / REPORT_FILE, content)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            RegistryError: A file is missing, broken, or of another version.

        """
        path = folder / REPORT_FILE
        content = read_json(path)
        missing = sorted({*_TEXTS, *_NUMBERS, "holdout_sha256"} - set(content))
        if missing:
            msg = (
                f"Expected the keys {', '.join(missing)} in {path}, found none. Run the job again."
            )
            raise RegistryError(msg)
        texts = {name: content[name] for name in _TEXTS}
        numbers = {name: _null_to_nan(content[name]) for name in _NUMBERS}
        threshold = content.get("threshold", THRESHOLD)  # reports of old have none
        holdout = _read_holdout(folder / HOLDOUT_FILE, content["holdout_sha256"], threshold)
        return cls(**texts, **numbers, protocol=content.get("protocol", {}), holdout=holdout)

    def may_know(self, protocol: Mapping[str, Any]) -> bool:
        """Tell whether what another protocol holds out was learnt from here; False if unknown."""
        mine = self.protocol
        if not mine or not protocol:
            return False
        larger = protocol["holdout_fraction"] > mine["holdout_fraction"]
        return bool(larger or protocol["salt"] != mine["salt"])


_TEXTS = ("name", "data_source", "data_digest", "run_id", "recipe")
_NUMBERS = ("metrics", "folds", "slices", "repeats")


def _read_holdout(path: Path, sha256: str | None, threshold: float) -> HoldOut | None:
    if sha256 is None:
        return None
    found = _sha256(read_text(path))
    if found != sha256:
        msg = (
            f"Expected {path} to be the hold-out of the report beside it (sha256 {sha256}), "
            f"found another one ({found}). Run the job again."
        )
        raise RegistryError(msg)
    return HoldOut.read_csv(path, threshold)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _nan_to_null(value: Any) -> Any:
    """Replace every NaN by None: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _nan_to_null(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_nan_to_null(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _null_to_nan(value: Any) -> Any:
    """Undo `_nan_to_null`."""
    if isinstance(value, dict):
        return {key: _null_to_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_null_to_nan(inner) for inner in value]
    return math.nan if value is None else value
