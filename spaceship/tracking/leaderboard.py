"""Leaderboard of a task: its scored runs, the best first, those that do not compare apart."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

from spaceship.config.installation import from_anywhere
from spaceship.evaluation.metrics import Direction, direction, metric_names
from spaceship.records import Figure
from spaceship.task.task import Task
from spaceship.tracking.best_jobs import STUDY_TAG
from spaceship.tracking.runs import Held, RunRow, read_held, read_runs
from spaceship.tracking.store import Store
from spaceship.tracking.views import SWEEP_TAG

PARENT_TAG = "mlflow.parentRunId"
TAGS = (
    *("candidate", "task", "mode", "data_source", "data_digest", "sample", "split"),
    *("award", "command"),
    *(SWEEP_TAG, STUDY_TAG, PARENT_TAG),
)
_FAILED = {"FAILED", "KILLED"}
_TRAINING = {"default", "train", "tune"}


class Basis(NamedTuple):
    """What scores rest on: they compare where all of it is the same.

    >>> Basis("local", "0f3a").split
    ''
    """

    source: str  # of the data
    digest: str = ""  # of the data; empty: not known
    split: str = ""  # `Protocol.words`; empty: not known


@dataclass(frozen=True)
class RankedRun:
    """One scored run.

    >>> run = RankedRun("a1b2", "lgbm on full", 0.8, 0.01, None, None, "", (), "2026-11-29")
    >>> run.comparable
    True
    """

    run_id: str
    recipe: str
    score: Figure  # cross-validated, in the task's main metric
    sd: Figure  # standard deviation of the score over the folds
    held_out: Figure | None  # None: not held out, or not told
    held_out_error: Figure | None  # its standard error
    award: str  # of the gate; empty: it did not come to the gate
    aliases: Sequence[str]  # that point to its version now
    made: str  # UTC, ISO 8601
    trial: bool = False  # of a sweep
    data_source: str = ""
    data_digest: str = ""
    split: str = ""  # its hold-out and folds; empty: of an earlier release, taken to be the same
    same_data: bool = True  # whether its data are those of the leaderboard
    same_split: bool = True  # whether its split is that of the leaderboard
    command: str = ""  # that makes it again
    sample: str = ""  # of the data, that it learnt from, in words; empty: all rows

    @property
    def standing(self) -> str:
        """The aliases that its version holds now, else its award.

        >>> held = ("champion",)
        >>> RankedRun("a", "lgbm", 0.8, 0.01, None, None, "refused", held, "2026-11-29").standing
        'champion now'
        """
        return f"{' and '.join(self.aliases)} now" if self.aliases else self.award

    @property
    def comparable(self) -> bool:
        """Whether its score compares with those on the leaderboard's data and split."""
        return self.same_data and self.same_split


@dataclass(frozen=True)
class Leaderboard:
    """Runs of a task, the best first, and after them those of another split or on other data.

    >>> Leaderboard("accuracy", "local", "0f3a", "", True, []).failed
    0
    """

    metric: str  # that the runs are ordered by
    data_source: str
    data_digest: str  # that runs are compared by; empty: there is none
    split: str  # that runs are compared by, such as `hash 0.2, salt spaceship, 5 folds`
    data_in_use: bool  # whether the digest is of the data in use; false: of the latest run on them
    runs: Sequence[RankedRun]
    failed: int = 0  # runs that failed or were killed
    running: int = 0
    trials: int = 0  # trials of sweeps that are left out


def rank(
    store: Store, task: Task, basis: Basis, *, trials: bool = False, ending: str | None = None
) -> Leaderboard:
    """Return the leaderboard of a task on a basis.

    What is not known of the basis is that of the latest run on its data source. Runs on another
    basis follow, those on the latest data first. Of a sweep only the job that came to the gate is
    listed, unless `trials`. The run `ending` is listed although it is not finished yet.

    >>> rank(store, task, Basis("local")).data_source
    'local'
    """
    metric = metric_names(task.problem)[0]
    names = (f"cv_{metric}", f"cv_{metric}_std", f"holdout_{metric}", "holdout_error")
    rows = read_runs(store, TAGS, names)
    runs = Runs.of(replace(r, status="FINISHED") if r.run_id == ending else r for r in rows)
    own = [run for run in runs.by_id.values() if runs.task(run) == task.name]
    counts = Counter(runs.kind(run, trials=trials) for run in own)
    held = read_held(store) if counts["scored"] else {}
    scored = [run for run in own if runs.kind(run, trials=trials) == "scored"]
    found = [_ranked(run, runs, names, held.get(run.run_id, ())) for run in scored]
    latest = next((one for one in map(_basis, found[::-1]) if one.source == basis.source), basis)
    same = Basis(basis.source, basis.digest or latest.digest, basis.split or latest.split)
    return Leaderboard(
        metric,
        *same,
        bool(basis.digest),
        _ordered(found, metric, same),
        *(counts[kind] for kind in ("failed", "running", "trial")),
    )


@dataclass(frozen=True)
class Runs:
    """Runs by id, with those above them.

    >>> sweep = RunRow("1", "tune", "FINISHED", 0, {"command": "spaceship mode=tune"}, {})
    >>> blend = RunRow("2", "blend", "FINISHED", 0, {PARENT_TAG: "1"}, {})
    >>> Runs.of([sweep, blend]).command(blend).endswith(" mode=tune")
    True
    """

    by_id: Mapping[str, RunRow]

    @classmethod
    def of(cls, rows: Iterable[RunRow]) -> Self:
        """Return the runs of rows, in their order."""
        return cls({row.run_id: row for row in rows})

    def tag(self, run: RunRow, key: str) -> str:
        """Return a tag of a run, else that of its sweep, else an empty text."""
        above = self._above(run)
        return run.tags.get(key) or ("" if above is None else above.tags.get(key, ""))

    def command(self, run: RunRow) -> str:
        """Return the command that makes a run again, of a blend that of its sweep."""
        return from_anywhere(self.tag(run, "command"))

    def task(self, run: RunRow) -> str:
        """Return the task of a run, of a trial that of its sweep."""
        return self.tag(run, "task")

    def is_trial(self, run: RunRow) -> bool:
        """Return whether a run belongs to a study; a job of a grid is a run like any other."""
        return (above := self._above(run)) is not None and STUDY_TAG in above.tags

    def kind(self, run: RunRow, *, trials: bool) -> str:
        """Return the line that a run is counted in: scored, failed, running, trial or other."""
        if SWEEP_TAG in run.tags:  # its best job stands for it
            return "other"
        if not trials and self.is_trial(run) and not run.tags.get("award"):
            return "trial"
        # a judged run may have been interrupted once its version was champion
        if run.status == "FINISHED" or run.tags.get("award"):
            return "scored" if run.tags.get("candidate") else "other"
        if run.tags.get("mode") not in _TRAINING and not self.is_trial(run):
            return "other"
        return "failed" if run.status in _FAILED else "running"

    def _above(self, run: RunRow) -> RunRow | None:
        return self.by_id.get(run.tags.get(PARENT_TAG, ""))


def _ranked(run: RunRow, runs: Runs, names: Sequence[str], held: Sequence[Held]) -> RankedRun:
    score, sd, held_out, error = (run.metrics.get(name) for name in names)
    return RankedRun(
        run.run_id,
        run.tags["candidate"],
        math.nan if score is None else score,
        math.nan if sd is None else sd,
        held_out,
        error,
        run.tags.get("award", ""),
        tuple(one.alias for one in held),
        datetime.fromtimestamp(run.started / 1000, UTC).isoformat(timespec="seconds"),
        runs.is_trial(run),
        run.tags.get("data_source", ""),
        run.tags.get("data_digest", ""),
        run.tags.get("split", ""),
        command=runs.command(run),
        sample=run.tags.get("sample", ""),
    )


def _ordered(runs: Sequence[RankedRun], metric: str, same: Basis) -> list[RankedRun]:
    """Return runs, given oldest first, the best of those that compare first; the rest is marked."""
    latest = {_basis(run): at for at, run in enumerate(runs)}
    sign = -1 if direction(metric) is Direction.MAXIMIZE else 1

    def place(run: RankedRun) -> tuple[bool, bool, int, bool, float]:
        newest = 0 if run.comparable else -latest[_basis(run)]
        order = math.isnan(run.score), sign * run.score
        return not run.same_data, not run.same_split, newest, *order

    marked = (
        replace(
            run,
            same_data=_basis(run)[:2] == same[:2],
            same_split=run.split in ("", same.split) or not same.split,
        )
        for run in runs
    )
    return sorted(marked, key=place)


def _basis(run: RankedRun) -> Basis:
    return Basis(run.data_source, run.data_digest, run.split)
