"""The entry point: `python scripts/run.py mode=train`, from any folder."""

import hydra
from omegaconf import DictConfig

from spaceship.cli.main import exit_with, prepare, run_mode

prepare()


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> float | list[float] | None:
    """Run the mode that the config names."""
    return run_mode(cfg)


if __name__ == "__main__":
    exit_with(main)
