"""Charts of made-up predictions for every kind of problem."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from spaceship.card.card import Charts, Curve

Floats = npt.NDArray[np.float64]
ProblemName = Literal["binary", "multiclass", "regression"]
CROPS = ("barley", "maize", "rye", "wheat")
ROWS = 1700


def charts(problem: ProblemName, draw: np.random.Generator) -> Charts:
    """Return the charts of a made-up model's predictions."""
    if problem == "regression":
        predicted = draw.gamma(4, 2, 3 * ROWS)
        missed = draw.normal(0, 0.4 + predicted / 8)
        counts, edges = np.histogram(missed, 30)
        middles = ((edges[1:] + edges[:-1]) / 2).tolist()
        points = Curve("", predicted.tolist(), missed.tolist())
        return Charts(residuals=[points], residual_counts=Curve("", middles, counts.tolist()))
    names = CROPS if problem == "multiclass" else ("pays off",)
    classes = CROPS if problem == "multiclass" else ("costs", "pays off")
    truth = draw.integers(0, len(classes), ROWS)
    logits = draw.normal(0, 1, (ROWS, len(classes)))
    logits[np.arange(ROWS), truth] += 1.7
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    first = len(classes) - len(names)
    sides = [(name, truth == n + first, chances[:, n + first]) for n, name in enumerate(names)]
    return Charts(
        roc=[_roc(*side) for side in sides],
        precision_recall=[_precision_recall(*side) for side in sides],
        calibration=[_calibration(*side) for side in sides],
        thresholds=_thresholds(*sides[0][1:]) if problem == "binary" else (),
        threshold=0.482 if problem == "binary" else None,
        classes=classes,
        confusion=confusion_matrix(truth, chances.argmax(axis=1)).tolist(),
    )


def _roc(name: str, truth: npt.NDArray[np.bool_], chances: Floats) -> Curve:
    x, y, _ = roc_curve(truth, chances)
    return Curve(name, x.tolist(), y.tolist(), float(roc_auc_score(truth, chances)))


def _precision_recall(name: str, truth: npt.NDArray[np.bool_], chances: Floats) -> Curve:
    y, x, _ = precision_recall_curve(truth, chances)
    return Curve(name, x.tolist(), y.tolist(), float(average_precision_score(truth, chances)))


def _calibration(name: str, truth: npt.NDArray[np.bool_], chances: Floats) -> Curve:
    y, x = calibration_curve(truth, chances, n_bins=10)
    counts, _ = np.histogram(chances, np.linspace(0, 1, 11))
    return Curve(name, x.tolist(), y.tolist(), n=counts[counts > 0].tolist())


def _thresholds(truth: npt.NDArray[np.bool_], chances: Floats) -> list[Curve]:
    x = np.linspace(0, 1, 101)
    y = [float(accuracy_score(truth, chances >= one)) for one in x]
    return [Curve("accuracy", x.tolist(), y)]
