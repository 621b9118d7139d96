"""Rival of a verdict: the version and the looks of that time, in the store of a run made again."""

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from spaceship.errors import SpaceshipError
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.verdict import LoggedVerdict
from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import RECIPE, Registry
from spaceship.tracking.connection import addresses_kept


@dataclass(frozen=True)
class Rival:
    """What the verdict of a run was held against; None: not known.

    >>> Rival(None, None, None).lend(registry)
    'the run has no verdict'
    """

    verdict: LoggedVerdict | None
    report: Report | None  # of the run
    registry: Registry | None  # of the run

    @property
    def capped(self) -> bool:
        """Whether the verdict awards a challenger at the most: of a sweep, or a bound process."""
        return self.verdict is not None and self.verdict.rule == "ceiling"

    def lend(self, other: Registry) -> str:
        """Put champion and looks into an empty registry; return why the verdict cannot be made."""
        verdict, report = self.verdict, self.report
        if verdict is None or report is None:
            return "the run has no verdict"
        if verdict.rule == "forced":
            return "it was forced"
        if "candidates" not in verdict.numbers:
            return "the number of looks before it is not told"
        if verdict.rival != Award.CHAMPION:
            return "it was held against a challenger"
        looks, number = int(verdict.numbers["candidates"] or 1) - 1, verdict.champion_before
        try:
            with addresses_kept():
                if looks:
                    before = replace(report, run_id="before", candidates=looks)
                    LookRecords.read(other.aliases).begin(before)
                if number is not None:
                    self._register(number, other)
        except SpaceshipError as error:
            return f"version {number}, which it was held against, cannot be had ({error})"
        return ""

    def _register(self, number: str, other: Registry) -> None:
        """Make a copy of a version champion of another registry."""
        own = self.registry
        assert own is not None  # noqa: S101 - a verdict on a rival has one
        rival = own.version(number)
        with tempfile.TemporaryDirectory() as temporary, other.aliases.lock():
            files = {name: own.fetch(rival, name, Path(temporary)) for name in rival.digests}
            run_id = other.store.start_run("the champion of that time", {})
            other.store.end_run(run_id, "FINISHED")
            move = other.aliases.prepare(Award.CHAMPION, {}, "the champion of that time")
            tags = {RECIPE: json.dumps(rival.recipe), "data_digest": rival.data_digest}
            other.aliases.complete(move, other.register(files, run_id, tags))
