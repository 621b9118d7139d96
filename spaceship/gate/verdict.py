"""Verdict of the gate on a candidate, kept as `verdict.json` in the job's folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from hydra_plugins.spaceship_optuna.tables import aligned
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.records import read_record

VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """A candidate's award and its reasons.

    >>> Verdict(Award.CHALLENGER, "Challenger: a gain of 1 %.", "relative_gain").checks
    ()
    """

    award: Award
    reason: str  # one line for a person
    rule: str  # name of the check that the award rests on; `all` where every rule is met
    numbers: dict[str, float | None] = field(default_factory=dict)  # None: could not be computed
    checks: tuple[Check, ...] = ()  # the outcome of every rule
    told: bool = True  # whether figures of the hold-out may be shown

    def table(self) -> str:
        """Return a line for each check: its number, its threshold, and whether it passed."""
        return aligned([_cells(check) for check in self.checks], "<><")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the verdict in a job's folder; a missing one is a refusal.

        Raise RegistryError if the file is broken or of another version.
        """
        path = folder / VERDICT_FILE
        if not path.exists():
            reason = f"Refused: no verdict was written to {path}."
            return cls(Award.REFUSED, reason, "missing_verdict")
        return read_record(path, cls)


def _cells(check: Check) -> tuple[str, ...]:
    number = "unknown" if check.number is None else f"{check.number:.5g}"
    outcome = "passed" if check.passed else f"failed: {check.otherwise} at the most"
    remark = f"; {check.detail}" if check.detail else ""
    return f"  {check.rule}", number, f"{check.relation} {check.threshold:g}", outcome + remark
