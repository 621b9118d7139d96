"""Leaderboard of a task: its scored runs, the best first, those on other data apart."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from spaceship.config.installation import from_anywhere
from spaceship.evaluation.metrics import Direction, direction, metric_names
from spaceship.records import Figure
from spaceship.task.task import Task
from spaceship.tracking.best_jobs import STUDY_TAG
from spaceship.tracking.runs import Held, RunRow, read_held, read_runs
from spaceship.tracking.store import Store
from spaceship.tracking.views import SWEEP_TAG

PARENT_TAG = "mlflow.parentRunId"
_TAGS = (
    *("candidate", "task", "mode", "data_source", "data_digest", "award", "command"),
    *(SWEEP_TAG, STUDY_TAG, PARENT_TAG),
)
_FAILED = {"FAILED", "KILLED"}
_TRAINING = {"default", "train", "tune"}


@dataclass(frozen=True)
class RankedRun:
    """One scored run.

    >>> run = RankedRun("a1b2", "lgbm on full", 0.8, 0.01, None, None, "", (), "2026-11-29")
    >>> run.same_data
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
    same_data: bool = True  # whether its score compares with those of the data source in use
    command: str = ""  # that makes it again


@dataclass(frozen=True)
class Leaderboard:
    """Runs of a task, the best first, and after them those on other data.

    >>> Leaderboard("accuracy", "local", "0f3a", []).failed
    0
    """

    metric: str  # that the runs are ordered by
    data_source: str
    data_digest: str  # of the latest run on the data source; empty: there is none
    runs: Sequence[RankedRun]
    failed: int = 0  # runs that failed or were killed
    running: int = 0
    trials: int = 0  # trials of sweeps that are left out


def rank(store: Store, task: Task, source: str, *, trials: bool = False) -> Leaderboard:
    """Return the leaderboard of a task on a data source.

    A score compares with those on the same data: of the same source, and with the digest that its
    latest run has. Runs on other data follow, those on the latest data first. Of a sweep only the
    job that came to the gate is listed, unless `trials`.

    >>> rank(store, task, "local").data_source
    'local'
    """
    metric = metric_names(task.problem)[0]
    names = (f"cv_{metric}", f"cv_{metric}_std", f"holdout_{metric}", "holdout_error")
    runs = Runs.of(read_runs(store, _TAGS, names))
    own = [run for run in runs.by_id.values() if runs.task(run) == task.name]
    counts = Counter(runs.kind(run, trials=trials) for run in own)
    held = read_held(store) if counts["scored"] else {}
    scored = [run for run in own if runs.kind(run, trials=trials) == "scored"]
    found = [_ranked(run, runs, names, held.get(run.run_id, ())) for run in scored]
    digest = next((one.data_digest for one in found[::-1] if one.data_source == source), "")
    return Leaderboard(
        metric,
        source,
        digest,
        _ordered(found, metric, (source, digest)),
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
        if run.status == "FINISHED":
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
        command=runs.command(run),
    )


def _ordered(runs: Sequence[RankedRun], metric: str, data: tuple[str, str]) -> list[RankedRun]:
    """Return runs, given oldest first, the best on the same data first; the rest is marked."""
    latest = {(run.data_source, run.data_digest): at for at, run in enumerate(runs)}
    sign = -1 if direction(metric) is Direction.MAXIMIZE else 1

    def place(run: RankedRun) -> tuple[bool, int, bool, float]:
        newest = 0 if run.same_data else -latest[run.data_source, run.data_digest]
        return not run.same_data, newest, math.isnan(run.score), sign * run.score

    marked = (replace(run, same_data=(run.data_source, run.data_digest) == data) for run in runs)
    return sorted(marked, key=place)
