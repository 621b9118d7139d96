"""`mode=tune`: a trial of the sweep that `configs/mode/tune.yaml` sets up."""

from spaceship.experiment import Experiment
from spaceship.mode.train import TrainResult, train


def tune(experiment: Experiment) -> TrainResult:
    """Score a trial's candidate; the best trial is fitted and gated when the sweep ends."""
    return train(experiment)
