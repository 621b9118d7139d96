"""Curves of hold-out predictions: ROC, precision and recall, calibration, thresholds, residuals."""

from collections.abc import Iterator

import numpy as np

from spaceship.card.card import Charts, Curve
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import THRESHOLD, decide
from spaceship.task.arrays import Floats, Mask, Positions
from spaceship.task.label import Problem
from spaceship.task.task import Task

_MOST_POINTS = 200  # of a line
_MOST_RESIDUALS = 1500  # that are drawn
_BINS = 10  # of calibration, of equal width, as of the calibration error
_BARS = 30  # of the residuals
_ROUNDING = 1e-9  # relative differences of residuals that are none


def charts(rows: HoldOut, task: Task) -> Charts:
    """Return the charts of a hold-out's predictions; none of predictions that are not finite.

    >>> rows = HoldOut.of(["a", "b", "c"], [True, False, True], [0.9, 0.2, 0.4])
    >>> drawn = charts(rows, task)
    >>> drawn.confusion, drawn.roc[0].area
    ([[1, 0], [1, 1]], 1.0)
    """
    if not len(rows.ids) or not np.isfinite(rows.values).all():
        return Charts()
    if rows.problem is Problem.REGRESSION:
        left = rows.target - rows.values
        alike = np.ptp(left) <= _ROUNDING * max(1.0, float(np.abs(left).max()))
        counts, edges = np.histogram(np.full(len(left), left.mean()) if alike else left, _BARS)
        middles = (edges[:-1] + edges[1:]) / 2
        bars = Curve("rows", middles.tolist(), counts.tolist())
        return Charts(residuals=[_residuals(rows)], residual_counts=bars)
    classes = rows.classes or task.label_values or ("False", "True")
    predicted = decide(rows.values, rows.problem, rows.threshold).astype(int)
    table = np.zeros((len(classes), len(classes)), int)
    np.add.at(table, (rows.target.astype(int), predicted), 1)
    binary = rows.problem is Problem.BINARY
    return Charts(
        roc=[*_roc(rows, classes)],
        precision_recall=[*_precision_recall(rows, classes)],
        calibration=[calibration(rows, classes)],
        thresholds=[*_thresholds(rows)] if binary else (),
        threshold=rows.threshold if binary else None,
        classes=classes,
        confusion=table.tolist(),
    )


def _each_class(rows: HoldOut, classes: tuple[str, ...]) -> Iterator[tuple[str, Mask, Floats]]:
    """Yield each class that has rows and other rows, whether a row is of it, and its chance."""
    if rows.problem is Problem.BINARY:
        sides = [(classes[1], rows.target, rows.values)]
    else:
        each = enumerate(zip(classes, rows.values.T, strict=True))
        sides = [(name, rows.target == number, chance) for number, (name, chance) in each]
    yield from (side for side in sides if 0 < side[1].sum() < len(side[1]))


def _roc(rows: HoldOut, classes: tuple[str, ...]) -> Iterator[Curve]:
    from sklearn.metrics import roc_auc_score, roc_curve

    for name, truth, chance in _each_class(rows, classes):
        false, true, _ = roc_curve(truth, chance)
        yield _line(name, false, true, float(roc_auc_score(truth, chance)))


def _precision_recall(rows: HoldOut, classes: tuple[str, ...]) -> Iterator[Curve]:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    for name, truth, chance in _each_class(rows, classes):
        precision, recall, _ = precision_recall_curve(truth, chance)
        area = float(average_precision_score(truth, chance))
        yield _line(name, recall[::-1], precision[::-1], area)


def calibration(rows: HoldOut, classes: tuple[str, ...]) -> Curve:
    """Return the share of hits in bins of the probability: of the positive or likeliest class.

    >>> calibration(report(8, 10).holdout, ("no", "yes")).name
    'yes'
    """
    if rows.problem is Problem.MULTICLASS:
        chance, hit = rows.values.max(axis=1), rows.values.argmax(axis=1) == rows.target
        name = "the likeliest class"
    else:
        chance, hit, name = rows.values, rows.target, classes[1]
    bins = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    used = count > 0
    mean, share = (np.bincount(bins, one, _BINS)[used] / count[used] for one in (chance, hit))
    return Curve(name, mean.tolist(), share.tolist(), n=count[used].tolist())


def _thresholds(rows: HoldOut) -> Iterator[Curve]:
    """Yield accuracy, precision, recall and F1 over 99 thresholds and the one in use."""
    at = np.unique([*np.arange(1, 100) / 100, THRESHOLD, rows.threshold])
    positive = rows.values > at[:, None]
    hits = (positive & rows.target).sum(axis=1)
    predicted, true = positive.sum(axis=1), int(rows.target.sum())
    right = hits + (~positive & ~rows.target).sum(axis=1)
    scores = {
        "accuracy": right / len(rows.target),
        "precision": hits / np.where(predicted, predicted, 1),
        "recall": hits / max(true, 1),
        "F1": 2 * hits / np.maximum(predicted + true, 1),
    }
    yield from (Curve(name, at.tolist(), values.tolist()) for name, values in scores.items())


def _residuals(rows: HoldOut) -> Curve:
    """Return predictions and residuals of rows that are spread evenly over the predictions."""
    order = np.argsort(rows.values, kind="stable")
    kept = order[_spread(len(order), _MOST_RESIDUALS)]
    predicted, left = rows.values[kept], (rows.target - rows.values)[kept]
    return Curve("rows", predicted.tolist(), left.tolist())


def _line(name: str, x: Floats, y: Floats, area: float) -> Curve:
    kept = _spread(len(x), _MOST_POINTS)
    return Curve(name, x[kept].tolist(), y[kept].tolist(), area)


def _spread(length: int, most: int) -> Positions:
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(np.intp))
