"""`mode=train`: a candidate is scored, fitted twice and compared with the champion."""

from dataclasses import dataclass

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import candidate
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.records import Figure
from spaceship.results import Result


@dataclass(frozen=True)
class TrainResult(Result):
    """A candidate and its scores; the gate's verdict stands beside it."""

    candidate: str  # the recipe's name
    objectives: dict[str, Figure]  # by metric
    metrics: dict[str, Figure]  # cross-validated
    folds: int
    data_digest: str
    report: str  # file of all figures
    stages: dict[str, str]  # digest of each stage of the run; `provenance.json` has more

    @property
    def objective(self) -> float | list[float]:
        """The objective of a sweep's trial, several for several metrics."""
        values = [*self.objectives.values()]
        return values[0] if len(values) == 1 else values


def train(experiment: Experiment) -> TrainResult:
    """Score a candidate; fit it outside a multirun, which fits its best job alone.

    The callback gates what was fitted at the end of the job, and the best job of a multirun.
    `engine=dask` fits it on the workers of a cluster.
    """
    if experiment.job.in_multirun:
        return score_and_fit(experiment)
    with experiment.fitting(experiment.recipe()):
        return score_and_fit(experiment)


def score_and_fit(experiment: Experiment) -> TrainResult:
    """Do what `train` does by this process alone."""
    if not in_trial():  # a sweep has checked this once for all its trials
        experiment.check()
        candidate.check_holdout(experiment)
    job, recipe = experiment.job, experiment.recipe()
    if not in_trial():
        candidate.introduce(experiment, recipe)
    report = candidate.score(experiment, job, recipe)
    if not job.in_multirun:
        candidate.fit(experiment, job)
    return TrainResult(
        report.name,
        {metric: report.metrics[metric] for metric in experiment.objectives},
        report.metrics,
        len(report.folds),
        report.data_digest,
        str(job.folder / REPORT_FILE),
        (report if job.in_multirun else Report.read(job.folder)).stages,
    )
