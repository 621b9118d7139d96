"""`mode=default`: all stages, from raw data to predictions."""

import logging

from spaceship import candidate
from spaceship.experiment import Experiment
from spaceship.mode.inference import check, check_rows, inference
from spaceship.mode.pp import prepare
from spaceship.mode.train import Objective, train
from spaceship.registry.registry import CHAMPION

log = logging.getLogger(__name__)


def default(experiment: Experiment) -> Objective:
    """Prepare the data, train and gate a candidate, predict with the champion.

    In a multirun a job only scores its candidate: the best one is fitted and gated at the end.
    """
    if experiment.job.in_multirun:
        return train(experiment)
    check(experiment)
    prepare(experiment, logging.DEBUG)
    if experiment.settings.inference.submit:
        check_rows(experiment)  # before hours of training
    objective = train(experiment)
    candidate.judge(experiment, experiment.job)
    if experiment.registry.find(CHAMPION) is None:
        log.warning("No champion yet, so there are no predictions; the verdict above says why.")
        return objective
    if experiment.dataset.test is None and experiment.settings.inference.input is None:
        return objective  # the command for a file of rows is shown when the job has ended
    inference(experiment)
    return objective
