"""From checked passengers to a candidate: scored by cross-validation, fitted twice, held out."""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from hydra_plugins.spaceship_optuna import trial
from spaceship.data.checks import ID, LABEL
from spaceship.errors import ConfigError
from spaceship.evaluation.cross_validation import (
    PreparedFold,
    cross_validate,
    decision_threshold,
    positive_probability,
    repeat,
    summarise,
)
from spaceship.evaluation.metrics import score, score_slices, slice_values
from spaceship.evaluation.report import HoldOut, Report
from spaceship.split.folds import Fold, group_folds, holdout_mask

log = logging.getLogger(__name__)

_SEEDS = 2**32
"""How many seeds NumPy's generator takes."""


@dataclass(frozen=True)
class Protocol:
    """How figures are made.

    Attributes:
        holdout_fraction: Share of travel groups that nothing is selected on.
        salt: Chooses which groups these are.
        n_folds: Folds of the cross-validation inside the training part.
        seed: Seed of the folds.

    """

    holdout_fraction: float
    salt: str
    n_folds: int
    seed: int

    def __post_init__(self) -> None:
        """Check that the values are numbers of their kind; how large they may be, a split knows.

        Raises:
            ConfigError: One is not; all of them are listed.

        """
        faults = []
        if isinstance(self.holdout_fraction, bool | str | None):
            faults.append(f"split.holdout_fraction to be a number, found {self.holdout_fraction!r}")
        if not _is_whole(self.n_folds):
            faults.append(f"split.n_folds to be a whole number, found {self.n_folds!r}")
        if not (_is_whole(self.seed) and 0 <= self.seed < _SEEDS):
            faults.append(f"seed to be a whole number from 0 to {_SEEDS - 1}, found {self.seed!r}")
        if faults:
            message = f"expected {'; '.join(faults)}; change it on the command line: KEY=NUMBER"
            raise ConfigError(message)

    def parts(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the training part and the hold-out, each with a fresh index."""
        held = holdout_mask(frame[ID], fraction=self.holdout_fraction, salt=self.salt)
        training, holdout = frame.loc[~held], frame.loc[held]
        return training.reset_index(drop=True), holdout.reset_index(drop=True)


def measure(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    protocol: Protocol,
    report: Report,
    prepared: MutableMapping[int, PreparedFold] | None = None,
) -> Report:
    """Return the report with the cross-validation of the training part filled in.

    Args:
        pipeline: Unfitted; takes raw columns.
        frame: All labelled passengers; those held out are not looked at.
        protocol: How to split.
        report: Names the candidate and the data.
        prepared: Folds that the same features prepared of the same passengers, to be added to.

    Raises:
        PrunedError: This is a sweep's trial, and it is hopeless.

    """
    training, _ = protocol.parts(frame)
    labels = training[LABEL].to_numpy()
    folds = _folds(tuple(training[ID]), labels.tobytes(), protocol)
    result = cross_validate(pipeline, training, labels, folds, _tell, prepared)
    metrics = summarise(result.folds) | {
        "fit_seconds": result.fit_seconds,
        "predict_rows_per_second": result.predict_rows_per_second,
    }
    slices = score_slices(training, labels, result.probabilities, result.predictions)
    return replace(report, metrics=metrics, folds=result.folds, slices=slices)


def repeats(
    pipeline: Pipeline, frame: pd.DataFrame, protocol: Protocol, seeds: list[int]
) -> dict[str, dict[str, float]]:
    """Return mean cross-validation metrics of the training part, by seed of the folds."""
    training, _ = protocol.parts(frame)
    return repeat(
        pipeline, training, training[LABEL].to_numpy(), n_splits=protocol.n_folds, seeds=seeds
    )


def fit_twin(
    pipeline: Pipeline, frame: pd.DataFrame, protocol: Protocol
) -> tuple[Pipeline, HoldOut]:
    """Return the recipe fitted on the training part only, and what it predicts of the hold-out."""
    training, holdout = protocol.parts(frame)
    twin = clone(pipeline).fit(training, training[LABEL].to_numpy())
    return twin, predict_holdout(twin, holdout)


def fit_serving(pipeline: Pipeline, frame: pd.DataFrame) -> Pipeline:
    """Return the recipe fitted on every labelled passenger."""
    return clone(pipeline).fit(frame, frame[LABEL].to_numpy())


def predict_holdout(twin: Pipeline, holdout: pd.DataFrame) -> HoldOut:
    """Return what a twin predicts of labelled passengers it has not seen."""
    return HoldOut(
        tuple(holdout[ID]),
        tuple(bool(label) for label in holdout[LABEL]),
        tuple(float(chance) for chance in positive_probability(twin, holdout)),
        decision_threshold(twin),
        {name: tuple(values) for name, values in slice_values(holdout).items()},
    )


def holdout_metrics(holdout: HoldOut) -> dict[str, float]:
    """Return the five metrics of a hold-out, as `holdout_*`."""
    scores = score(np.array(holdout.labels), np.array(holdout.probabilities), holdout.threshold)
    return {f"holdout_{metric}": value for metric, value in scores.items()}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@lru_cache(maxsize=8)
def _folds(ids: tuple[str, ...], labels: bytes, protocol: Protocol) -> list[Fold]:
    """Return the folds of these passengers; to find them takes as long as to fit a model."""
    truth = np.frombuffer(labels, dtype=bool)
    series = pd.Series(ids, dtype="str")
    return group_folds(series, truth, n_splits=protocol.n_folds, seed=protocol.seed)


def _tell(history: list[dict[str, float]]) -> None:
    accuracy, loss, seconds = (history[-1][key] for key in ("accuracy", "log_loss", "fit_seconds"))
    trial.report(history)
    level = logging.DEBUG if trial.in_trial() else logging.INFO
    log.log(
        level,
        "  fold %d  accuracy %.4f  log loss %.4f  %.1f s",
        len(history),
        accuracy,
        loss,
        seconds,
    )
