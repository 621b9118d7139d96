"""Result of a multirun: its best job, its trials by state, its leaderboard."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.records import Figure
from spaceship.results import Result
from spaceship.tracking.job import FAILURE_FILE, Job

BLEND = "blend-"
"""Prefix of the folders of blends."""
RESULTS_FILE = "optimization_results.yaml"  # of a study


@dataclass(frozen=True)
class BestJob:
    """The job of a multirun that went to the gate."""

    folder: str
    run_id: str | None
    candidate: str  # the recipe's name
    settings: list[str]  # its overrides; none of a blend
    objectives: dict[str, Figure]  # by metric
    metrics: dict[str, Figure]
    report: str  # file of all figures


@dataclass(frozen=True)
class Candidate:
    """Results of one candidate of a study."""

    candidate: str
    trials: int  # finished ones that count, pruned and failed ones included
    pruned: int
    failed: int
    best: float | None  # null with several objectives
    best_trial: int | None
    default: float | None  # score of its default settings
    seconds: float  # of all its trials
    on_front: int | None = None  # trials on the Pareto front of several objectives


@dataclass(frozen=True)
class MultirunResult(Result):
    """A multirun: one parent run, many jobs, one verdict."""

    study: str | None  # name of the study of hydra/sweeper=optuna
    trials: dict[str, int]  # by state, such as complete, pruned, failed
    best: BestJob | None  # null if no job was scored
    leaderboard: list[Candidate] = field(default_factory=list)  # of a study, the best first
    results_file: str | None = None  # of a study


def multirun_result(
    folder: Path, subdir: str, best: Job | None, objectives: Sequence[str]
) -> MultirunResult:
    """Return the result of the multirun in a folder.

    >>> multirun_result(tmp_path, ".hydra", None, ["cv_log_loss"]).trials
    {'complete': 0, 'failed': 0}
    """
    chosen = None if best is None else _best(best, subdir, objectives)
    path = folder / RESULTS_FILE
    if not path.is_file():
        return MultirunResult(None, _states(folder), chosen)
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [Candidate(**row) for row in content["leaderboard"]]
    return MultirunResult(content["study_name"], content["n_trials"], chosen, rows, str(path))


def _best(job: Job, subdir: str, objectives: Sequence[str]) -> BestJob:
    report, path = Report.read(job.folder), job.folder / subdir / "overrides.yaml"
    is_blend = job.folder.name.startswith(BLEND)
    return BestJob(
        folder=str(job.folder),
        run_id=job.run_id,
        candidate=report.name,
        settings=[] if is_blend else yaml.safe_load(path.read_text(encoding="utf-8")),
        objectives={metric: report.metrics[metric] for metric in objectives},
        metrics=report.metrics,
        report=str(job.folder / REPORT_FILE),
    )


def _states(folder: Path) -> dict[str, int]:
    """Return the number of jobs by state, of a multirun of Hydra's own sweepers."""
    jobs = [path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()]
    failed = sum((path / FAILURE_FILE).is_file() for path in jobs)
    return dict(Counter(complete=len(jobs) - failed, failed=failed))
