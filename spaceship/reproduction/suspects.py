"""Suspects for a difference: facts that could explain it, narrowed down by running again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from spaceship.data.digest import TableDigest
from spaceship.errors import SpaceshipError
from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.differences import (
    ORDER_OF_ROWS,
    Comparison,
    Difference,
    compare_stages,
)
from spaceship.reproduction.facts import Fact, Kind, facts
from spaceship.text import counted, first_few

_FEW_UNITS = 2**20
"""Units in the last place: a smaller distance comes from another order of sums."""
_ROUNDED = (Kind.THREADS, Kind.CPU, Kind.PACKAGE, Kind.ENVIRONMENT)  # kinds that change the order
_QUARTER, _MOST_HOURS = pd.Timedelta(minutes=15), pd.Timedelta(hours=26)  # of two time zones


@dataclass(frozen=True)
class Suspect:
    """A likely cause, in words."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """The parts that one more run takes from the present; all else is from the record."""

    code: bool = False
    packages: tuple[str, ...] = ()  # normalized names, as in `Environment.packages`
    threads: bool = False
    data: bool = False


Rerun = Callable[[Change], RecordedRun]
"""Makes the run once more; raises SpaceshipError if that cannot be done."""


def find_suspects(
    recorded: RecordedRun, again: RecordedRun, comparison: Comparison, rerun: Rerun | None = None
) -> tuple[Suspect, ...]:
    """Return the likely causes of a difference, the likeliest first; none if the runs are equal.

    A fact counts if it can show first in the stage that differs. Where several do, `rerun` tries
    those that a run can take from the present one by one, packages by halves.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> find_suspects(run, run, Comparison((), Difference("out_of_fold", "rows")))[0].kind.value
    'chance'
    """
    if (difference := comparison.difference) is None:
        return ()
    made = replace(recorded, provenance=recorded.provenance.at(difference.stage))
    known = [*_data(recorded, again, difference), *facts(made, again)]
    fitting = [fact for fact in known if difference.stage in fact.stages] or known
    if 0 < (difference.distance or 0) < _FEW_UNITS:
        fitting.sort(key=lambda fact: fact.kind not in _ROUNDED)
    certain = bool(fitting) and fitting[0].kind == Kind.DATA  # its rows differ, as do the bytes
    if len(fitting) > 1 and rerun is not None and not certain:
        fitting = _Bisection(recorded, difference, rerun).sort(fitting)
    if not fitting:
        why = "nothing on record differs: parallel threads or a seed that is not set; threads=1"
        return (Suspect(Kind.CHANCE, f"{why} may make it the same each time"),)
    return tuple(Suspect(fact.kind, fact.text) for fact in fitting)


def _data(recorded: RecordedRun, again: RecordedRun, found: Difference) -> list[Fact]:
    """Return the difference of the typed tables as a fact, unless the raw ones are the same."""
    old, new = (run.provenance.stages for run in (recorded, again))
    if found.stage != "typed" or old.get("raw") == new.get("raw"):
        return []
    none = TableDigest("")
    counts = [side["typed"].get(found.table, none).rows for side in (old, new)]
    if found.column == ORDER_OF_ROWS:
        text = f"the same rows in another order, from {found.row}"
    elif counts[0] != counts[1]:
        text = f"{counts[0]} rows → {counts[1]}, from row {found.row}"
    elif found.rows == counts[0] and (zone := _zone(recorded, found)):
        text = zone
    else:
        changed = "rows" if found.rows is None else counted(found.rows, "row")
        text = f"{changed} changed, from {found.row}: {first_few(found.columns)}"
    return [Fact(Kind.DATA, f"{found.table}: {text}", ("raw", "typed"), 1)]


def _zone(recorded: RecordedRun, found: Difference) -> str:
    """Return words on dates that moved in every row by hours, as by another time zone, or none."""
    kinds = recorded.provenance.config.get("task", {}).get("columns", {})
    for name in found.columns:
        kind = kinds.get(name)
        if "date" not in (kind, kind.get("type") if isinstance(kind, Mapping) else None):
            return ""
    words = f"another time zone of the date column {first_few(found.columns)}, in every row"
    if found.recorded is None or found.again is None:
        return words
    moved = pd.Timestamp(found.again) - pd.Timestamp(found.recorded)
    if abs(moved) > _MOST_HOURS or moved % _QUARTER:
        return ""
    return f"{words}: {moved / pd.Timedelta(hours=1):+g} h in row {found.row}"


@dataclass(frozen=True)
class _Bisection:
    """Runs that take one suspect at a time from the present."""

    recorded: RecordedRun
    difference: Difference
    rerun: Rerun

    def sort(self, found: Sequence[Fact]) -> list[Fact]:
        """Return the facts with a proven one first, and those last that alone change nothing."""
        innocent: list[Fact] = []
        for kind in dict.fromkeys(fact.kind for fact in found):
            of_kind = [fact for fact in found if fact.kind == kind]
            differs = self._differs(of_kind)
            if differs:
                guilty = self._narrow(of_kind)
                rest = [fact for fact in found if fact not in guilty and fact not in innocent]
                return [*guilty, *rest, *innocent]
            innocent += of_kind if differs is False else []
        return [*(fact for fact in found if fact not in innocent), *innocent]

    def _narrow(self, guilty: list[Fact]) -> list[Fact]:
        """Return the half of the packages that differs alone, halved again; else all of them."""
        while len(guilty) > 1 and guilty[0].kind == Kind.PACKAGE:
            middle = len(guilty) // 2
            halves = (guilty[:middle], guilty[middle:])
            alone = next((half for half in halves if self._differs(half)), None)
            if alone is None:
                break
            guilty = alone
        return guilty

    def _differs(self, suspected: Sequence[Fact]) -> bool | None:
        """Return whether a run with these facts alone differs likewise; None: it cannot be made."""
        kind = suspected[0].kind
        packages = tuple(fact.package for fact in suspected if fact.package)
        known = {Kind.CODE: "code", Kind.THREADS: "threads", Kind.DATA: "data"}
        if kind not in known and not packages:
            return None
        flags = {name: kind == one for one, name in known.items()}
        try:
            run = self.rerun(Change(packages=packages, **flags))
        except SpaceshipError:
            return None
        found = compare_stages(self.recorded, run).difference
        return found is not None and found.stage == self.difference.stage
