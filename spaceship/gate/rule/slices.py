"""Slices of the hold-out in which the candidate is worse than the champion."""

import math
from fractions import Fraction
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from spaceship.gate.pairing import Pairing
from spaceship.gate.rule._base import Check, Comparison, Rule, Share, Titles
from spaceship.task.arrays import Positions
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.task.written import written_slice


class Slices(Rule):
    """Largest fall of the accuracy of one slice, on the rows in both hold-outs.

    Of numbers it is the relative growth of the slice's RMSE.

    >>> from spaceship.gate.policy import Gate
    >>> gate = Gate(slices=Slices(max_worsening=0.03))
    >>> gate.decide(report(8, 10), report(8, 10)).checks[0].detail
    'no slice has 100 rows'
    """

    titles: ClassVar[Titles] = {"slice_worsening": ("Fall in the worst slice", "")}
    max_worsening: Share = 0.03  # largest fall that is accepted, absolute
    min_rows: Annotated[int, Field(strict=True, ge=1)] = 100  # of a slice that is compared

    def checks(self, compared: Comparison) -> list[Check]:
        task = compared.candidate.task
        if compared.pairing is None or (task and not task.get("slices")):
            return []
        falls = self._falls(compared.pairing)
        number, detail = None, ""
        if falls:
            (name, value), number = max(falls.items(), key=lambda item: item[1])
            value = written_slice(Task.read(task), name, value) if task else value
            detail = f"worst of {len(falls)}: {name}={value}"
        else:
            detail = f"no slice has {self.min_rows} rows"
            sliced = len(compared.pairing.candidate.slices.columns)
            number = Fraction() if sliced else None
        return [self.check("slice_worsening", number, "≤", self.max_worsening, detail=detail)]

    def _falls(self, pairing: Pairing) -> dict[tuple[str, str], Fraction | float]:
        """Return the fall of each slice's accuracy, below zero where it rose."""
        return {
            (str(name), str(value)): _fall(pairing, np.asarray(rows))
            for name, values in pairing.candidate.slices.items()
            for value, rows in values.groupby(values, sort=False).indices.items()
            if len(rows) >= self.min_rows
        }


def _fall(pairing: Pairing, rows: Positions) -> Fraction | float:
    """Return the fall of some rows' accuracy, or the relative growth of their RMSE."""
    if pairing.candidate.problem is not Problem.REGRESSION:
        return Fraction(-int(pairing.gains.iloc[rows].sum()), len(rows))
    mine, theirs = (side.losses.iloc[rows].mean() for side in (pairing.candidate, pairing.champion))
    if not theirs:
        return math.inf if mine else 0.0
    return math.sqrt(mine / theirs) - 1
