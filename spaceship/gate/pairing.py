"""Pairing of two hold-outs: the rows in both, and the reasons against a comparison."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import metric_names
from spaceship.evaluation.report import Report
from spaceship.task.label import Problem

_SCORES = {name for problem in Problem for name in metric_names(problem)}


@dataclass(frozen=True)
class Pairing:
    """Both twins' predictions for the rows in both hold-outs, in the same order.

    >>> Pairing.of(report(9, 10).holdout, report(7, 10).holdout).wins
    2
    """

    candidate: HoldOut  # the candidate's hold-out, cut to the shared rows
    champion: HoldOut  # the champion's, likewise
    candidate_rows: int  # rows in the candidate's whole hold-out
    champion_rows: int  # rows in the champion's

    @classmethod
    def of(cls, candidate: HoldOut, champion: HoldOut) -> Self:
        """Return the pairing of two hold-outs, whatever the order of their rows."""
        mine, theirs = candidate.ids, champion.ids
        shared = mine.intersection(theirs).sort_values()
        return cls(candidate.only(shared), champion.only(shared), len(mine), len(theirs))

    @property
    def rows(self) -> int:
        """Number of shared rows."""
        return len(self.candidate.ids)

    @cached_property
    def gains(self) -> pd.Series:
        """The champion's loss less the candidate's, by row.

        For classes: 1 if only the candidate is right, -1 if only the champion, else 0.
        """
        return self.champion.losses - self.candidate.losses

    @property
    def gain(self) -> Fraction | float:
        """The candidate's gain in the gate's metric: in accuracy, or the fall of the RMSE."""
        mine, theirs = self.candidate.score, self.champion.score
        return mine - theirs if self.candidate.metric == "accuracy" else theirs - mine

    @property
    def relative_gain(self) -> Fraction | float | None:
        """The gain over the champion's score; None over a score of zero."""
        return self.gain / self.champion.score if self.champion.score else None

    @cached_property
    def error(self) -> float:
        """The standard error of the gain; a group counts as one draw."""
        gains, groups = self.gains.to_numpy(float), self.candidate.group_names.to_numpy()
        error = standard_error(gains - gains.mean(), groups)
        if self.candidate.metric == "accuracy":
            return error
        total = float(self.candidate.score + self.champion.score)  # of two root mean squares
        return error / total if total else 0.0

    @property
    def wins(self) -> int:
        """Number of shared rows that the candidate predicted better."""
        return int((self.gains > 0).sum())

    @property
    def losses(self) -> int:
        """Number of shared rows that the champion predicted better."""
        return int((self.gains < 0).sum())


def find_objections(candidate: Report | None, champion: Report | None) -> list[str]:
    """Return every reason why the two cannot be compared; none if they can.

    >>> find_objections(report(9, 10, run_id="r"), report(8, 10, run_id="r"))
    ['the candidate is the champion (run r)']
    """
    if candidate is None:
        return ["the candidate has no report"]
    objections = _find_faults("candidate", candidate)
    if champion is None:
        return objections
    if candidate.run_id is not None and candidate.run_id == champion.run_id:
        return [f"the candidate is the champion (run {candidate.run_id})"]
    objections += _find_faults("champion", champion)
    if candidate.holdout is not None and champion.holdout is not None:
        pairing = Pairing.of(candidate.holdout, champion.holdout)
        if pairing.candidate.problem is not pairing.champion.problem:
            return [*objections, "the two predict labels of different kinds"]
        differ = pairing.candidate.target != pairing.champion.target
        if not pairing.rows:
            objections.append(f"the two hold-outs share no {pairing.candidate.ids.name}")
        elif differ.any():
            first = pairing.candidate.ids[differ.argmax()]
            count = f"{differ.sum()} of {pairing.rows} shared rows"
            objections.append(f"the hold-outs label {count} differently ({first} …)")
    return objections


def _find_faults(owner: str, report: Report) -> list[str]:
    faults = []
    if broken := sorted(name for name, value in report.metrics.items() if _is_broken(name, value)):
        faults.append(f"the {owner}'s {', '.join(broken)} is not a finite number")
    if report.holdout is None:
        faults.append(f"the {owner} has no hold-out predictions that can be compared")
    elif report.holdout.ids.empty:
        faults.append(f"the {owner}'s hold-out has no rows")
    elif missing := int((~np.isfinite(report.holdout.values)).sum()):
        faults.append(f"{missing} of the {owner}'s hold-out predictions are not finite numbers")
    return faults


def _is_broken(name: str, value: float) -> bool:
    """Return whether a metric is a score that cannot be compared; timings do not matter here."""
    bare = name.removeprefix("cv_").removeprefix("holdout_").removesuffix("_std")
    return bare in _SCORES and not math.isfinite(value)
