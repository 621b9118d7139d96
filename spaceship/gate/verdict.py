"""Verdict of the gate on a candidate, kept as `verdict.json` in the job's folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.gate.score_lines import ScoreLine
from spaceship.records import read_record

VERDICT_FILE = "verdict.json"
FORCED = "Forced: "
"""Start of the reason of a verdict that a person has forced."""
EVERY_RULE = "every rule is met"


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
    scores: tuple[ScoreLine, ...] = ()  # those that may be shown
    rival: Award = Award.CHAMPION  # alias of the model that it was compared with

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


@dataclass(frozen=True)
class LoggedVerdict(Verdict):
    """A verdict and what came of it: the whole of `verdict.json`.

    >>> LoggedVerdict(Award.REFUSED, "Refused: no gain.", "relative_gain").version_registered
    """

    dry_run: bool = False  # nothing was registered
    model: str = ""  # registered model
    version_registered: str | None = None
    champion_before: str | None = None  # version
