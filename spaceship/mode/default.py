"""`mode=default`: all stages, from raw data to predictions."""

import logging
from dataclasses import dataclass

from spaceship import candidate
from spaceship.experiment import Experiment
from spaceship.mode._rows import check_rows
from spaceship.mode.inference import InferenceResult, check, inference
from spaceship.mode.pp import prepare
from spaceship.mode.train import TrainResult, score_and_fit
from spaceship.registry.registry import CHAMPION
from spaceship.results import Result, report_result

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DefaultResult(Result):
    """A candidate, and the champion's predictions."""

    trained: TrainResult
    predicted: InferenceResult | None = None  # null without a champion or without rows

    @property
    def objective(self) -> float | list[float]:
        """The candidate's."""
        return self.trained.objective


def default(experiment: Experiment) -> DefaultResult:
    """Prepare the data, train and gate a candidate, predict with the champion.

    In a multirun a job only scores its candidate: the best one is fitted and gated at the end.
    """
    if experiment.job.in_multirun:
        return DefaultResult(score_and_fit(experiment))
    check(experiment)
    prepare(experiment, logging.DEBUG)
    if experiment.settings.inference.submit:
        check_rows(experiment)  # before hours of training
    trained = score_and_fit(experiment)
    report_result(DefaultResult(trained))  # a refusal may end the job
    candidate.judge(experiment, experiment.job)
    if experiment.registry.find(CHAMPION) is None:
        log.warning("No champion yet, so there are no predictions; the verdict above says why.")
        return DefaultResult(trained)
    if experiment.dataset.test is None and experiment.settings.inference.input is None:
        return DefaultResult(trained)  # the command for a file of rows is shown later
    return DefaultResult(trained, inference(experiment))
