"""A job that fails at some points, in a way of its own at each; errors end as in the project."""

import ctypes
import os
import signal
import time
from typing import Any

import hydra
from omegaconf import DictConfig

from spaceship.cli.main import exit_with, prepare


@hydra.main(version_base=None, config_path="conf", config_name="failing")
def main(cfg: DictConfig) -> Any:
    if cfg.point == "raise":
        message = "it cannot be done"
        raise ValueError(message)
    if cfg.point == "exit":
        os._exit(7)
    if cfg.point == "sleep":
        time.sleep(600)
    if cfg.point == "deaf":  # in C, with Python's lock, as a library that does not return
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        ctypes.PyDLL(None).sleep(600)
    return {"fine": 1.0, "good": 0.5, "undefined": float("nan"), "none": None}[cfg.point]


if __name__ == "__main__":
    prepare()  # not where a collection of tests imports this file: that sets the environment
    exit_with(main)
