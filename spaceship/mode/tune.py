"""`mode=tune`: a sweep's trial; the sweeper that `configs/mode/tune.yaml` chooses does the rest."""

from omegaconf import DictConfig

from spaceship.mode.train import train


def tune(cfg: DictConfig) -> float | list[float]:
    """Return a trial's objective; the best trial is fitted and gated when the sweep ends."""
    return train(cfg)
