"""`mode=default`: the whole way, from raw data to a submission."""

import logging

from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.mode.inference import check, inference
from spaceship.mode.pp import pp
from spaceship.mode.train import conclude, train
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)


def default(cfg: DictConfig) -> float | list[float]:
    """Prepare the data, train and gate a candidate, let the champion predict; return the objective.

    In a multirun a job only scores its candidate: the best one is fitted and gated at the end.
    """
    job = Job.current()
    if job.in_multirun:
        return train(cfg)
    check(cfg)  # what cannot be used is told before the work
    pp(cfg)
    objective = train(cfg)
    conclude(cfg, job)
    if parts.registry(cfg).find(CHAMPION) is None:
        log.warning("There is no champion yet, so nobody predicts: see the verdict above.")
        return objective
    inference(cfg)
    return objective
