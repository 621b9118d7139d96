"""Program that reads a champion and prints, as JSON, all that this has changed in its process."""

import json
import logging
import os
import random
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

import spaceship


def names(nodes: Any) -> Any:
    return {key: names(one) for key, one in nodes.items()} if isinstance(nodes, dict) else "leaf"


def state() -> dict[str, str]:
    """Return all that belongs to the whole process, as text."""
    root = logging.getLogger()
    signals = (one for one in signal.Signals if one not in {signal.SIGKILL, signal.SIGSTOP})
    found = {
        "environment": sorted(os.environ.items()),
        "folder": os.getcwd(),  # noqa: PTH109
        "arguments": sys.argv,
        "path": sys.path,
        "streams": [id(sys.stdout), id(sys.stderr), id(sys.stdin)],
        "hooks": [sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook],
        "warnings": [warnings.filters, warnings.showwarning],
        "logging": [root.level, root.handlers, logging.root.manager.disable],
        "records": [logging.getLogRecordFactory(), logging.getLoggerClass()],
        "mlflow's logging": [logging.getLogger("mlflow").level],
        "signals": [signal.getsignal(one) for one in signals],
        "resolvers": sorted((name, id(one)) for name, one in BaseContainer._resolvers.items()),
        "hydra": [GlobalHydra.instance().is_initialized(), HydraConfig.initialized()],
        "config store": names(ConfigStore.instance().repo),
        "random": [hash(random.getstate()), str(np.random.get_state())],  # noqa: NPY002
        "threads": [one.name for one in threading.enumerate()],
    }
    return {name: repr(one) for name, one in found.items()}


def changes(before: dict[str, str]) -> dict[str, list[str]]:
    after = state()
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


def main(outputs: str) -> None:
    Plugins.instance()
    OmegaConf.register_new_resolver("abspath", str.upper)  # the caller's own
    project = spaceship.Project(outputs=outputs, settings={"data.n_groups": 400}, quiet=True)
    found: dict[str, dict[str, list[str]]] = {}
    before = state()
    assert project.champion().version == "1"
    found["champion"] = changes(before)
    try:
        project.load("17")
    except spaceship.errors.RegistryError:
        found["error"] = changes(before)
    assert project.run("history").status == 0
    found["command"] = changes(before)
    assert OmegaConf.create({"x": "${abspath:a}"}).x == "A"

    import mlflow

    assert not mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]
    assert not Path("mlflow.db").exists()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
