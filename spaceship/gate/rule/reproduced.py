"""Proof that a run can be made again, before its model becomes champion."""

from typing import ClassVar, Literal

from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check, Comparison, Rule, Titles

PROOFS = "proofs"
"""Name of the figure."""


class Reproduced(Rule):
    """A run that was made again since it was fitted, bit for bit equal.

    A candidate is judged as soon as it is fitted, so it becomes challenger at most; mode=promote
    makes it champion once its run was made again.

    >>> new = report(80, 100, run_id="a1b2")
    >>> check, = Reproduced().checks(Comparison(new, new.holdout))
    >>> print(check)
    Times made again 0 (must be ≥ 1), mode=reproduce run=a1b2, then mode=promote
    """

    titles: ClassVar[Titles] = {PROOFS: ("Times made again", "")}
    at_once: ClassVar[bool] = False
    otherwise: Literal[Award.CHALLENGER, Award.CHAMPION] = Award.CHALLENGER

    def checks(self, compared: Comparison) -> list[Check]:
        run = compared.candidate.run_id or "ID"
        then = f"mode=reproduce run={run}, then mode=promote"
        return [self.check(PROOFS, 0, "≥", 1, detail=then)]
