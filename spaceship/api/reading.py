"""Reading in this process: an Experiment whose use leaves the process as it was."""

import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from spaceship._upstream import resolvers
from spaceship.process.kept import Kept
from spaceship.registry.role import VARIABLE
from spaceship.tracking.connection import addresses_kept

if TYPE_CHECKING:
    from spaceship.experiment import Experiment

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}


@contextmanager
def reading(words: Sequence[str], mode: str = "history") -> Iterator["Experiment"]:
    """Give the Experiment of a command that reads models and runs, for the block.

    Of the process, nothing is different after the block: environment, standard streams, logging,
    filters of warnings, random numbers, resolvers of OmegaConf, Hydra's stores, MLflow's addresses.
    One thing stays: with `gate.may_promote=false` the process can no longer move `champion`.

    >>> with reading([f"paths.outputs={tmp_path}"]) as made:
    ...     made.registry.model
    'spaceship_titanic-synthetic'
    """
    with _unchanged(), addresses_kept():
        from spaceship.config.loader import composed
        from spaceship.experiment import Experiment

        made = Experiment.of(composed([f"mode={mode}", *words]), tuple(words))
        yield replace(made, kept=Kept())


@contextmanager
def _unchanged() -> Iterator[None]:
    """Restore after the block what it may change in this process."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    Plugins.instance()  # whose import fills the store, once a process
    store, known, mlflow = ConfigStore.instance(), resolvers(), logging.getLogger("mlflow")
    nodes, functions = _copy(store.repo), dict(known)
    environment, level = dict(os.environ), mlflow.level
    streams, factory = (sys.stdout, sys.stderr), logging.getLogRecordFactory()
    drawn = random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="IProgress")  # widgets of a notebook
            os.environ.update(_QUIET)
            mlflow.setLevel(logging.WARNING)
            yield
    finally:
        sys.stdout, sys.stderr = streams
        random.setstate(drawn)
        logging.setLogRecordFactory(factory)
        mlflow.setLevel(level)
        _restore(environment)
        known.clear()
        known.update(functions)
        store.repo = nodes


def _restore(environment: dict[str, str]) -> None:
    """Set back the variables that differ, but for the role: promotion is given up for good."""
    now = dict(os.environ)
    for name in (now.keys() | environment.keys()) - {VARIABLE}:
        if name not in environment:
            del os.environ[name]
        elif now.get(name) != environment[name]:
            os.environ[name] = environment[name]


def _copy(nodes: dict[str, object]) -> dict[str, object]:
    """Return nested dicts anew, with the same leaves."""
    return {name: _copy(one) if isinstance(one, dict) else one for name, one in nodes.items()}
