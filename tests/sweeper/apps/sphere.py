"""A sphere, as in the examples of Hydra's released Optuna plugin; `error=true` makes it fail."""

import hydra
from omegaconf import DictConfig


@hydra.main(version_base=None, config_path="conf", config_name="config")
def sphere(cfg: DictConfig) -> float:
    x: float = cfg.x
    y: float = cfg.y
    if cfg.get("error", False):
        message = "cfg.error is True"
        raise RuntimeError(message)
    return x**2 + y**2


if __name__ == "__main__":
    sphere()
