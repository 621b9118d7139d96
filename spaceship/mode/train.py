"""`mode=train`: a candidate is scored, fitted twice and compared with the champion."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import candidate
from spaceship.engine.local import LocalEngine
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.model.distributed import grown_on
from spaceship.records import Figure
from spaceship.results import Result


@dataclass(frozen=True)
class TrainResult(Result):
    """A candidate and its scores; the gate's verdict is separate."""

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
    with _fits(experiment):
        return score_and_fit(experiment)


def _fits(experiment: Experiment) -> AbstractContextManager[None]:
    """Return a block whose fits are those of the engine."""
    engine = None if experiment.nodes.setting("engine.unused") else experiment.engine
    if engine is None or isinstance(engine, LocalEngine):
        return nullcontext()
    return grown_on(engine, experiment.recipe().to_plain())


def score_and_fit(experiment: Experiment) -> TrainResult:
    """Score and fit as `train`, in this process."""
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
