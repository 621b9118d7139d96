"""Differences between a run and the same run made again: the first stage that has one."""

from dataclasses import dataclass
from enum import StrEnum

from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import ORDER


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
    """The first difference: the values are texts, with every digit; None is not known."""

    stage: str
    table: str
    column: str | None = None
    row: str | None = None  # id
    recorded: str | None = None
    again: str | None = None
    distance: int | None = None  # in units in the last place, of two floats
    rows: int | None = None  # that differ


@dataclass(frozen=True)
class Comparison:
    """All stages in their order, and the first difference."""

    stages: tuple[StageLine, ...]
    difference: Difference | None = None

    @property
    def equal(self) -> bool:
        """Whether something was compared and nothing differs."""
        found = {line.status for line in self.stages}
        return Status.SAME in found and Status.DIFFERS not in found


def compare_stages(
    recorded: RecordedRun, again: RecordedRun, *, tolerance: bool = False
) -> Comparison:
    """Return what is the same in a run made again; the comparison stops at the first difference."""
    mine, theirs = recorded.provenance.stages, again.provenance.stages
    lines: list[StageLine] = []
    difference: Difference | None = None
    for name in ORDER:
        if name not in mine:
            lines.append(StageLine(name, Status.NOT_RECORDED))
        elif difference is not None or name not in theirs:
            lines.append(StageLine(name, Status.NOT_COMPARED))
        elif mine[name] == theirs[name]:
            lines.append(StageLine(name, Status.SAME))
        else:
            lines.append(StageLine(name, Status.DIFFERS))
            difference = Difference(name, next(iter(mine[name])))
    return Comparison(tuple(lines), difference)
