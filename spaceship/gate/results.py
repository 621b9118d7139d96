"""Results of a comparison as rows: candidate and champion, cross-validated and held out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import metric_names, score
from spaceship.evaluation.report import Report
from spaceship.records import Figure

if TYPE_CHECKING:
    from spaceship.gate.rule._base import Comparison


class Part(StrEnum):
    """Rows that a figure was measured on."""

    CV = "cross-validated"  # the training part, each row predicted by a model that has not seen it
    HOLDOUT = "held out"  # where there is a champion, the rows in both hold-outs


@dataclass(frozen=True)
class Result:
    """One metric of a candidate, beside the champion's on the same rows.

    >>> result = Result("accuracy", Part.CV, candidate=0.81, champion=0.80)
    >>> round(result.difference, 3)
    0.01
    """

    metric: str  # such as "accuracy"
    part: Part
    candidate: Figure
    champion: Figure | None = None  # None: there is none, or its figure is unknown
    error: float | None = None  # standard error of the difference; of the candidate's without one

    @property
    def difference(self) -> float | None:
        """The candidate's figure less the champion's, None without a champion."""
        return None if self.champion is None else self.candidate - self.champion


def compare(compared: "Comparison") -> tuple[Result, ...]:
    """Return the results of a comparison: every metric, the gate's first; it has an error."""
    return (*_cross_validated(compared), *_held_out(compared))


def own_results(report: Report) -> tuple[Result, ...]:
    """Return the results of a report without a comparison, those held out only if it has them.

    >>> report = Report("lgbm", "local", "ab", metrics={"cv_rmse": 2.5, "fit_seconds": 0.1})
    >>> [(one.metric, one.candidate) for one in own_results(report)]
    [('rmse', 2.5)]
    """
    prefixes = {"cv_": Part.CV, "holdout_": Part.HOLDOUT}
    skipped = ("_std", "_dummy", "_dummy_error")
    return tuple(
        Result(name.removeprefix(prefix), part, value)
        for prefix, part in prefixes.items()
        for name, value in report.metrics.items()
        if name.startswith(prefix) and not name.endswith(skipped)
    )


def _cross_validated(compared: "Comparison") -> Iterator[Result]:
    mine, theirs = compared.candidate, compared.champion
    for metric in metric_names(compared.holdout.problem):
        name = f"cv_{metric}"
        if name in mine.metrics:
            champion = None if theirs is None else theirs.metrics.get(name)
            value = mine.metrics[name]
            error = _cv_error(compared) if metric == compared.holdout.metric else None
            yield Result(metric, Part.CV, value, champion, error)


def _cv_error(compared: "Comparison") -> float | None:
    """Return the standard error of the difference, or of the figure; whole groups are one draw."""
    if (mine := compared.candidate.out_of_fold) is None:
        return None
    rows, champion = mine.rows, compared.champion
    if champion is None:
        return _error(rows, rows["loss"], float(rows["loss"].mean()), compared.holdout.metric)
    if (theirs := champion.out_of_fold) is None:
        return None
    both = rows.join(theirs.rows["loss"].rename("champion"), how="inner")
    roots = sum(math.sqrt(both[name].mean()) for name in ("loss", "champion"))
    return _error(both, both["champion"] - both["loss"], (roots / 2) ** 2, compared.holdout.metric)


def _error(rows: pd.DataFrame, values: pd.Series, square: float, metric: str) -> float | None:
    """Return the standard error of a mean, for RMSE of its root near the root of `square`."""
    error = standard_error(values - values.mean(), rows["group"].to_numpy())
    if metric == "accuracy":
        return error
    return error / (2 * math.sqrt(square)) if square else 0.0


def _held_out(compared: "Comparison") -> Iterator[Result]:
    pairing, rows = compared.pairing, compared.holdout
    mine = rows if pairing is None else pairing.candidate
    scores = score(mine.target, mine.values, mine.threshold, mine.problem)
    theirs: dict[str, float] = {}
    if pairing is not None:
        other = pairing.champion
        theirs = score(other.target, other.values, other.threshold, other.problem)
        error: float | None = pairing.error
    else:
        table = pd.DataFrame({"group": rows.group_names.to_numpy()})
        losses = pd.Series(np.asarray(rows.losses, float))
        error = _error(table, losses, float(losses.mean()), rows.metric)
    for metric, value in scores.items():
        own = error if metric == rows.metric else None
        yield Result(metric, Part.HOLDOUT, value, theirs.get(metric), own)
