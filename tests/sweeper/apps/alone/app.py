"""A plain Hydra app: two candidates with parameters of their own, reported step by step."""

import time

import hydra
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna import trial


@hydra.main(version_base=None, config_path=".", config_name="config")
def main(cfg: DictConfig) -> float:
    history: list[dict[str, float]] = []
    for step in range(4):
        time.sleep(cfg.seconds)
        error = (cfg.model.x - 2) ** 2 if cfg.model.kind == "parabola" else abs(cfg.model.slope)
        history.append({"value": error + step / 10})
        trial.report(history)
    return history[-1]["value"]


if __name__ == "__main__":
    main()
