"""`mode=tune`: a trial of the sweep that `configs/mode/tune.yaml` sets up."""

from spaceship.experiment import Experiment
from spaceship.mode.train import Objective, train


def tune(experiment: Experiment) -> Objective:
    """Return a trial's objective; the best trial is fitted and gated when the sweep ends."""
    return train(experiment)
