"""Rival of a verdict: the version and the looks of that time, in the store of a run made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spaceship.errors import SpaceshipError, parts_of
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.verdict import LoggedVerdict
from spaceship.process.temporary import temporary_folder
from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import RECIPE, Registry, Version
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
            with temporary_folder() as temporary, addresses_kept():
                rival = None if number is None else self._fetch(number, temporary)
                if looks:
                    before = replace(report, run_id="before", candidates=looks)
                    LookRecords.read(other.aliases).begin(before)
                if rival is not None:
                    _register(*rival, other)
        except SpaceshipError as error:
            found = parts_of(error.args[0])[1] or error
            return f"version {number}, which it was held against, cannot be had: {found}"
        return ""

    def _fetch(self, number: str, folder: Path) -> tuple[Version, dict[str, Path]]:
        """Return a version and its files; the store that MLflow knows by now is the user's."""
        assert self.registry is not None  # noqa: S101 - a verdict on a rival has one
        rival = self.registry.version(number)
        files = {name: self.registry.fetch(rival, name, folder) for name in rival.digests}
        return rival, files


def _register(rival: Version, files: Mapping[str, Path], other: Registry) -> None:
    """Make a copy of a version champion of another registry."""
    with other.aliases.lock():
        run_id = other.store.start_run("the champion of that time", {})
        other.store.end_run(run_id, "FINISHED")
        move = other.aliases.prepare(Award.CHAMPION, {}, "the champion of that time")
        tags = {RECIPE: json.dumps(rival.recipe), "data_digest": rival.data_digest}
        other.aliases.complete(move, other.register(files, run_id, tags))
