"""Intervals of 95 % of scores: whole groups count as one draw."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.card.card import Interval, Score, SliceLine
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import Direction, direction, metric_names, metric_title, score
from spaceship.evaluation.report import Report
from spaceship.task.label import Problem

Z = 1.96
_BLOCKS = 60  # of groups, each left out once


def scores(report: Report, problem: Problem) -> Iterator[Score]:
    """Yield the metrics of a report, cross-validated and, where it has them, held out.

    >>> folds = [{"accuracy": one} for one in (0.79, 0.8, 0.81)]
    >>> judged = report(80, 100, folds=folds, metrics={"cv_accuracy": 0.8})
    >>> next(scores(judged, Problem.BINARY)).held_out is None
    True
    """
    left_out = _left_out(report.holdout) if report.holdout is not None else {}
    for metric in metric_names(problem):
        if f"cv_{metric}" not in report.metrics:
            continue
        held, value = None, report.metrics.get(f"holdout_{metric}")
        if value is not None:
            held = Interval(value)
            if report.holdout is not None and metric == report.holdout.metric:
                held = Interval(value, *report.holdout.interval)
            elif metric in left_out:
                held = _around(value, left_out[metric])
            elif metric == metric_names(problem)[0] and "holdout_error" in report.metrics:
                wide = Z * report.metrics["holdout_error"]  # the rows are not at hand
                held = Interval(value, value - wide, value + wide)
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
            found = _of_slice(value, known, levels[one.slice] == one.value, metric)
        outside = found.low is not None and found.high is not None
        differs = outside and not found.low <= whole <= found.high  # type: ignore[operator]
        yield SliceLine(one.slice, one.value, one.n, found, differs)


def wilson(share: float, draws: float) -> tuple[float, float]:
    """Return the interval of a share of so many independent draws (Wilson, 1927).

    >>> low, high = wilson(1.0, 10)
    >>> round(low, 3), high
    (0.722, 1.0)
    """
    middle, wide = (
        share + Z**2 / (2 * draws),
        Z * math.sqrt(share * (1 - share) / draws + Z**2 / (4 * draws**2)),
    )
    whole = 1 + Z**2 / draws
    return max(0.0, (middle - wide) / whole), min(1.0, (middle + wide) / whole)


def _of_slice(value: float, rows: pd.DataFrame, of: pd.Series, metric: str) -> Interval:
    own = rows[of.reindex(rows.index, fill_value=False).to_numpy(bool)]
    if not len(own):
        return Interval(value)
    losses, groups = own["loss"].to_numpy(float), own["group"].to_numpy()
    error = standard_error(losses - losses.mean(), groups)
    if metric == "rmse":
        error = error / (2 * value) if value else 0.0  # of a square root
        return Interval(value, max(0.0, value - Z * error), value + Z * error)
    draws = value * (1 - value) / error**2 if error else len(np.unique(groups))
    return Interval(value, *wilson(value, draws))


def _cross_validated(report: Report, metric: str) -> Interval:
    """Return the mean over folds: by groups where each row's loss is kept, else over the folds."""
    from scipy.stats import t

    value, rows = report.metrics[f"cv_{metric}"], report.out_of_fold
    if rows is not None and metric in {"accuracy", "rmse"}:
        losses = rows.rows["loss"].to_numpy(float)
        error = standard_error(losses - losses.mean(), rows.rows["group"].to_numpy())
        if metric == "rmse":
            error = error / (2 * value) if value else 0.0
        return Interval(value, value - Z * error, value + Z * error)
    folds = [fold[metric] for fold in report.folds if metric in fold]
    if len(folds) < 2 or not all(map(math.isfinite, folds)):  # noqa: PLR2004
        return Interval(value)
    wide = float(t.ppf(0.975, len(folds) - 1)) * stdev(folds) / math.sqrt(len(folds))
    return Interval(value, value - wide, value + wide)


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


def _score(rows: HoldOut, some: npt.NDArray[np.bool_]) -> dict[str, float]:
    return score(rows.target[some], rows.values[some], rows.threshold, rows.problem)


def _around(value: float, found: Sequence[float]) -> Interval:
    if not all(map(math.isfinite, found)):
        return Interval(value)
    mean, share = fmean(found), (len(found) - 1) / len(found)
    error = math.sqrt(share * sum((one - mean) ** 2 for one in found))
    return Interval(value, value - Z * error, value + Z * error)
