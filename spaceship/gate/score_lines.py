"""Score lines of a verdict: candidate and champion side by side, in the metrics people look at."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

import numpy as np

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import row_losses, score
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import shown_metrics
from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Comparison
from spaceship.records import Figure
from spaceship.task.arrays import Floats

HELD_OUT: Literal["held out"] = "held out"
CROSS_VALIDATED: Literal["cross-validated"] = "cross-validated"


@dataclass(frozen=True)
class ScoreLine:
    """One metric of a candidate beside the champion's.

    >>> ScoreLine("cross-validated", "accuracy", 0.81).champion is None
    True
    """

    rows: Literal["held out", "cross-validated"]  # that the metric was measured on
    metric: str  # such as `log_loss`
    candidate: Figure
    champion: Figure | None = None  # None: no champion, or none measured on these rows
    difference: Figure | None = None  # candidate less champion
    error: Figure | None = None  # standard error of the difference; None: not known


def score_lines(compared: Comparison) -> tuple[ScoreLine, ...]:
    """Return the lines of a comparison, those of the cross-validation first.

    >>> first = Comparison(report(8, 10), report(8, 10).holdout)
    >>> [(one.metric, one.candidate) for one in score_lines(first)][:1]
    [('accuracy', 0.8)]
    """
    return (*_cross_validated(compared), *_held_out(compared))


def _held_out(compared: Comparison) -> Iterator[ScoreLine]:
    pairing = compared.pairing
    mine = compared.holdout if pairing is None else pairing.candidate
    found = _scores(mine)
    theirs = {} if pairing is None else _scores(pairing.champion)
    for metric, _ in shown_metrics(found):
        if pairing is None:
            yield ScoreLine(HELD_OUT, metric, found[metric])
            continue
        difference = found[metric] - theirs[metric]
        error = _held_out_error(pairing, metric)
        yield ScoreLine(HELD_OUT, metric, found[metric], theirs[metric], difference, error)


def _scores(rows: HoldOut) -> dict[str, float]:
    return score(rows.target, rows.values, rows.threshold, rows.problem)


def _held_out_error(pairing: Pairing, metric: str) -> float:
    """Return the standard error of a difference on the shared rows; a group is one draw."""
    if metric == pairing.candidate.metric:
        return pairing.error
    losses = [_losses(side, metric) for side in (pairing.candidate, pairing.champion)]
    gains = losses[1] - losses[0]
    return standard_error(gains - gains.mean(), pairing.candidate.group_names.to_numpy())


def _losses(rows: HoldOut, metric: str) -> Floats:
    """Return the log loss or the absolute error of each row."""
    if metric == "mae":
        return np.asarray(np.abs(rows.values - rows.target))
    return row_losses(rows.target, rows.values, rows.problem)


def _cross_validated(compared: Comparison) -> Iterator[ScoreLine]:
    mine, theirs = compared.candidate, compared.champion
    if not mine.folds:
        return
    for metric, _ in shown_metrics(mine.folds[0]):
        found = mine.metrics[f"cv_{metric}"]
        other = None if theirs is None else theirs.metrics.get(f"cv_{metric}")
        if theirs is None or theirs.out_of_fold is None or other is None:  # or of other data
            yield ScoreLine(CROSS_VALIDATED, metric, found)
            continue
        error = _fold_error(mine, theirs, metric)
        yield ScoreLine(CROSS_VALIDATED, metric, found, other, found - other, error)


def _fold_error(mine: Report, theirs: Report, metric: str) -> float | None:
    """Return the standard error of a mean difference: by groups of rows, else over equal folds."""
    if metric == "accuracy" and mine.out_of_fold and theirs.out_of_fold:
        both = mine.out_of_fold.rows.join(theirs.out_of_fold.rows["loss"].rename("champion"))
        gains = (both["champion"] - both["loss"]).dropna()
        groups = both.loc[gains.index, "group"].to_numpy()
        return standard_error(gains - gains.mean(), groups) if len(gains) else None
    if mine.protocol != theirs.protocol or len(mine.folds) != len(theirs.folds):
        return None
    pairs = zip(mine.folds, theirs.folds, strict=True)
    differences = [one[metric] - other[metric] for one, other in pairs]
    return stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else None
