"""Differences between a run and the same run made again, stage by stage: the first one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pandas as pd

from spaceship.data.digest import TableDigest
from spaceship.evaluation.report import OUT_OF_FOLD
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import OPTIONAL, ORDER
from spaceship.reproduction.cells import Cell, first_cell, text_of
from spaceship.reproduction.tables import HASHES, table_of, typed_hashes, typed_table
from spaceship.text import counted, first_few

CLOSE = 1e-9
"""Largest relative difference of two predictions that are the same with a tolerance."""
ORDER_OF_ROWS = "order of rows"
"""In place of a column: the rows are the same."""
_PREDICTED = {OUT_OF_FOLD, "holdout"}
_ONLY_DIGESTS = {"features", "model"}
Tables = Mapping[str, TableDigest]


class Status(StrEnum):
    """Result of comparing a stage."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_RECORDED = "not recorded"  # in the run
    NOT_COMPARED = "not compared"  # after one that differs, or for another reason: see `detail`


@dataclass(frozen=True)
class StageLine:
    """Result of one stage."""

    name: str
    status: Status
    detail: str = ""


@dataclass(frozen=True)
class Difference:
    """The first difference: the values are texts, with every digit; None is not known.

    >>> print(Difference("typed", "train", "fee", "c-9", "1.0", "1.5", rows=1))
    train, row c-9, column fee: 1.0 → 1.5, 1 row
    """

    stage: str
    table: str
    column: str | None = None  # of a model a step, of a verdict a field
    row: str | None = None  # id
    recorded: str | None = None
    again: str | None = None
    distance: int | None = None  # in units in the last place, of two floats
    rows: int | None = None  # that differ
    columns: tuple[str, ...] = ()  # all that differ

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = "" if self.column is None else f", column {self.column}"
        ends = [one or "unknown" for one in (self.recorded, self.again)]
        more = [] if self.recorded == self.again else [" → ".join(ends)]
        if self.distance is not None:
            more.append(counted(self.distance, "unit") + " in the last place")
        more += [] if self.rows is None else [counted(self.rows, "row")]
        more += [first_few(self.columns)] if len(self.columns) > 1 else []
        where = f"{self.table}{row}{column}"
        return f"{where}: {', '.join(more)}" if more else where


@dataclass(frozen=True)
class Comparison:
    """All stages in their order, and the first difference.

    >>> Comparison((StageLine("raw", Status.SAME), StageLine("typed", Status.NOT_COMPARED))).equal
    False
    """

    stages: tuple[StageLine, ...]
    difference: Difference | None = None
    tolerance: bool = False  # not bit for bit

    @property
    def equal(self) -> bool:
        """Whether all that was recorded was compared and is the same; the verdict may be missing.

        A verdict depends on the champion and the looks of its day.
        """
        may_miss = {"verdict", *(_ONLY_DIGESTS if self.tolerance else ())}
        found = {line.status for line in self.stages if line.name not in may_miss}
        fine = {Status.SAME, Status.NOT_RECORDED}
        return self.difference is None and Status.SAME in found and found <= fine


def compare_stages(
    recorded: RecordedRun, again: RecordedRun, *, tolerance: bool = False
) -> Comparison:
    """Return what is the same in a run made again; the comparison stops at the first difference.

    With a tolerance, predictions that differ by `CLOSE` at most are the same, and stages that have
    only digests of numbers are not compared: their effect shows in the predictions.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> print(*[f"{line.name} {line.status}" for line in compare_stages(run, run).stages[:3]])
    raw same typed same split not recorded
    """
    lines: dict[str, StageLine] = {}
    difference: Difference | None = None
    for name in ORDER:
        mine, theirs = (one.provenance.stages.get(name, {}) for one in (recorded, again))
        if mine and theirs and difference is None:
            stage = _Stage(name, mine, theirs, recorded, again)
            lines[name], difference = stage.compare(tolerance=tolerance)
        elif not mine and name not in OPTIONAL:
            lines[name] = StageLine(name, Status.NOT_RECORDED)
        elif mine:
            why = "" if difference else "the run made again has none"
            lines[name] = StageLine(name, Status.NOT_COMPARED, why)
    if lines["raw"].status == Status.DIFFERS and lines["typed"].status == Status.SAME:
        lines["raw"] = StageLine("raw", Status.SAME, "other bytes, which mean the same")
    return Comparison(tuple(lines.values()), difference, tolerance)


@dataclass(frozen=True)
class _Stage:
    """A stage that both runs have."""

    name: str
    mine: Tables
    theirs: Tables
    recorded: RecordedRun
    again: RecordedRun

    def compare(self, *, tolerance: bool) -> tuple[StageLine, Difference | None]:
        """Return the line of the stage, and its difference if that ends the comparison."""
        tables = [one for one in {**self.mine, **self.theirs} if self._differ(one)]
        if not tables:
            return StageLine(self.name, Status.SAME), None
        if self.name == "raw":  # the next stage shows what the bytes mean
            return StageLine(self.name, Status.DIFFERS, "other bytes"), None
        if tolerance and self.name in _ONLY_DIGESTS:
            detail = f"{first_few(tables)}: other bits; the predictions show whether it matters"
            return StageLine(self.name, Status.NOT_COMPARED, detail), None
        cell = self._cell(tables[0])
        if tolerance and self.name in _PREDICTED and cell is not None and cell.largest <= CLOSE:
            detail = f"{counted(cell.rows, 'row')} within a share of {cell.largest:.1g}"
            return StageLine(self.name, Status.SAME, detail), None
        found = self._difference(tables[0], cell)
        return StageLine(self.name, Status.DIFFERS, str(found)), found

    def _differ(self, table: str) -> bool:
        one, other = self.mine.get(table), self.theirs.get(table)
        return one is None or other is None or one.digest != other.digest

    def _columns(self, table: str) -> tuple[str, ...]:
        """Return the columns whose digests differ, or that one side alone has."""
        one, other = (side.get(table, TableDigest("")).columns for side in (self.mine, self.theirs))
        return tuple(name for name in {**one, **other} if one.get(name) != other.get(name))

    def _difference(self, table: str, cell: Cell | None) -> Difference:
        if self._reordered(table):
            return self._order(table)
        columns = self._columns(table)
        found = Difference(self.name, table, next(iter(columns), None), columns=columns)
        if cell is None:
            return found
        found = replace(found, row=cell.row, rows=cell.rows)
        if cell.column in HASHES:
            return self._with_value(found) if self.name == "typed" else found
        found = replace(found, column=cell.column, distance=cell.distance)
        return replace(found, recorded=cell.recorded, again=cell.again)

    def _reordered(self, table: str) -> bool:
        sides = [side[table].unordered for side in (self.mine, self.theirs) if table in side]
        return self.name == "typed" and len(sides) > 1 and sides[0] == sides[1] != ""

    def _order(self, table: str) -> Difference:
        """Return the first place at which another row stands."""
        runs = (self.recorded, self.again) if table == "train" else ()
        ids = [run.rows["id"].astype("str").to_numpy() for run in runs if run.rows is not None]
        if len(ids) < 2:  # noqa: PLR2004 - both sides
            return Difference(self.name, table, ORDER_OF_ROWS)
        places = np.flatnonzero(ids[0] != ids[1])
        one, other = (str(side[places[0]]) for side in ids)
        place = f"number {places[0] + 1}"
        return Difference(self.name, table, ORDER_OF_ROWS, place, one, other, None, len(places))

    def _cell(self, table: str) -> Cell | None:
        """Return the first cell that differs; None where a side has only digests."""
        columns, runs = self._columns(table), (self.recorded, self.again)
        one, other = (table_of(run, self.name, table, columns) for run in runs)
        if self.name == "typed" and table == "train" and (one is None or other is None):
            one, other = (typed_hashes(run) for run in runs)
        return None if one is None or other is None else first_cell(one, other)

    def _with_value(self, found: Difference) -> Difference:
        """Return the difference with the value of the side whose table is at hand."""
        values: list[str | None] = []
        for run in (self.recorded, self.again):
            table = typed_table(run, found.table, found.columns)
            known = {} if table is None else table.get(found.column, pd.Series()).to_dict()
            values.append(text_of(known[found.row]) if found.row in known else None)
        return replace(found, recorded=values[0], again=values[1])
