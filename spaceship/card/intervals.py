"""Intervals of 95 % of scores: whole groups count as one draw."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, stdev

import numpy as np
import pandas as pd

from spaceship.card.card import Interval, Score, SliceLine
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import Direction, direction, metric_names, metric_title, score
from spaceship.evaluation.report import Report
from spaceship.task.arrays import Floats, Mask, Values
from spaceship.task.label import Problem

Z = 1.96
_ALPHA = 0.05  # share of cards in which a slice differs by luck alone, at most
_MAIN = {"accuracy", "rmse"}  # metrics whose standard error by groups is known
_BLOCKS = 60  # of groups, each left out once


def scores(report: Report, problem: Problem) -> Iterator[Score]:
    """Yield the metrics of a report, cross-validated and, where it has them, held out.

    >>> folds = [{"accuracy": one} for one in (0.79, 0.8, 0.81)]
    >>> judged = report(80, 100, folds=folds, metrics={"cv_accuracy": 0.8})
    >>> next(scores(judged, Problem.BINARY)).held_out is None
    True
    """
    rows = report.holdout
    left_out = {} if rows is None else _left_out(rows)
    for metric in metric_names(problem):
        if f"cv_{metric}" not in report.metrics:
            continue
        held, value = None, report.metrics.get(f"holdout_{metric}")
        if value is not None:
            held = _around(metric, value, left_out.get(metric, ()))
            if metric in _MAIN:
                error = report.metrics.get("holdout_error", None if rows is None else rows.error)
                groups = len(rows.group_names.unique()) if rows is not None else None
                held = _of_error(metric, value, error, groups)
        rising = direction(metric) is Direction.MAXIMIZE
        yield Score(metric, metric_title(metric), rising, _cross_validated(report, metric), held)


def slices(report: Report, levels: pd.DataFrame | None, problem: Problem) -> Iterator[SliceLine]:
    """Yield the out-of-fold score of each slice; `levels` are the slices' values of rows by id.

    >>> [*slices(report(80, 100), None, Problem.BINARY)]
    []
    """
    metric = "rmse" if problem is Problem.REGRESSION else "accuracy"
    known = report.out_of_fold.rows if report.out_of_fold is not None else None
    whole = report.metrics.get(f"cv_{metric}", math.nan)
    if known is not None:
        mean = float(known["loss"].mean())
        whole = math.sqrt(mean) if metric == "rmse" else 1 - mean
    for one in report.slices:
        value = one.rmse if metric == "rmse" else one.accuracy
        found = Interval(value)
        if known is not None and levels is not None and one.slice in levels:
            of = (levels[one.slice] == one.value).reindex(known.index, fill_value=False)
            own = known[of.to_numpy(bool)]
            found = _by_group(metric, value, own["loss"].to_numpy(), own["group"].to_numpy())
        yield SliceLine(one.slice, one.value, one.n, found, _differs(found, whole, report))


def _differs(found: Interval, whole: float, report: Report) -> bool:
    """Return whether a slice's score is another one, though one of so many slices is tried."""
    from scipy.stats import norm

    if found.low is None or found.high is None:
        return False
    wider = float(norm.isf(_ALPHA / 2 / len(report.slices))) / Z  # Bonferroni's correction
    below, above = wider * (found.value - found.low), wider * (found.high - found.value)
    return not found.value - below <= whole <= found.value + above


def wilson(share: float, draws: float) -> tuple[float, float]:
    """Return the interval of a share of so many independent draws (Wilson, 1927).

    >>> low, high = wilson(1.0, 10)
    >>> round(low, 3), high
    (0.722, 1.0)
    """
    middle, spread = share + Z**2 / (2 * draws), share * (1 - share) / draws
    wide, whole = Z * math.sqrt(spread + Z**2 / (4 * draws**2)), 1 + Z**2 / draws
    low, high = (middle - wide) / whole, (middle + wide) / whole
    return max(0.0, min(share, low)), min(1.0, max(share, high))


def _by_group(metric: str, value: float, losses: Floats, groups: Values) -> Interval:
    """Return the interval of an accuracy or an RMSE, given the loss of each row."""
    if not len(losses):
        return Interval(value)
    error = standard_error(losses - losses.mean(), groups)
    if metric == "rmse":
        error = error / (2 * value) if value else 0.0  # of a square root
    return _of_error(metric, value, error, len(np.unique(groups)))


def _of_error(metric: str, value: float, error: float | None, groups: int | None) -> Interval:
    """Return the interval of an accuracy or an RMSE with a standard error.

    A share has Wilson's interval for as many independent draws as would have the same error; where
    all rows are right or all wrong, a group is a draw.
    """
    if error is None or not math.isfinite(value):
        return Interval(value)
    if metric == "rmse":
        return _within(metric, value, error)
    draws = value * (1 - value) / error**2 if error else groups
    return Interval(value, *wilson(value, draws)) if draws else Interval(value)


def _within(metric: str, value: float, error: float) -> Interval:
    """Return the interval of a figure with a standard error, inside what the metric can be."""
    least = -math.inf if metric == "r2" else 0.0
    most = math.inf if metric in {"log_loss", "rmse", "mae"} else 1.0
    return Interval(value, max(least, value - Z * error), min(most, value + Z * error))


def _cross_validated(report: Report, metric: str) -> Interval:
    """Return the mean over folds: by groups where each row's loss is kept, else over the folds."""
    from scipy.stats import t

    value, found = report.metrics[f"cv_{metric}"], report.out_of_fold
    if found is not None and metric in _MAIN:
        rows = found.rows
        return _by_group(metric, value, rows["loss"].to_numpy(float), rows["group"].to_numpy())
    folds = [fold[metric] for fold in report.folds if metric in fold]
    if len(folds) < 2 or not all(map(math.isfinite, folds)):  # noqa: PLR2004
        return Interval(value)
    error = float(t.ppf(0.975, len(folds) - 1)) / Z * stdev(folds) / math.sqrt(len(folds))
    return _within(metric, value, error)


def _left_out(rows: HoldOut) -> dict[str, list[float]]:
    """Return each metric of the rows without one block of groups, for each block in turn.

    The blocks are those of a delete-a-group jackknife (Kott, 2001).
    """
    codes, names = pd.factorize(rows.group_names, sort=True)
    blocks = min(_BLOCKS, len(names))
    if blocks < 2 or not np.isfinite(rows.values).all():  # noqa: PLR2004
        return {}
    of = np.random.default_rng(0).permutation(len(names))[codes] % blocks
    kept = [of != block for block in range(blocks)]
    found = [_score(rows, some) for some in kept if some.any()]
    return {name: [one[name] for one in found] for name in found[0]}


def _score(rows: HoldOut, some: Mask) -> dict[str, float]:
    return score(rows.target[some], rows.values[some], rows.threshold, rows.problem)


def _around(metric: str, value: float, found: Sequence[float]) -> Interval:
    """Return the interval of a figure, given those without one block each."""
    if not found or not all(map(math.isfinite, [value, *found])):
        return Interval(value)
    mean, share = fmean(found), (len(found) - 1) / len(found)
    return _within(metric, value, math.sqrt(share * sum((one - mean) ** 2 for one in found)))
