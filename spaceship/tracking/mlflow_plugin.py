"""Plugin of MLflow: its own commands and clients find the artifacts of a moved outputs folder too.

`mlflow gc`, `mlflow server` and `mlflow.pyfunc.load_model` never pass through this project. As the
entry points in pyproject.toml name these functions for `sqlite:` URIs, a store that was moved or
copied is relocated before MLflow opens it; any other store is opened as ever.
"""

import logging
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

from spaceship._upstream import MLFLOW_SQL_REGISTRY, MLFLOW_SQL_TRACKING
from spaceship.tracking.relocation import relocate

log = logging.getLogger(__name__)

SQLITE = "sqlite:///"
ARTIFACTS = "mlartifacts"  # beside the database, as configs/tracking/sqlite.yaml has it


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """Return MLflow's own store of runs and logged models, relocated.

    >>> tracking_store(store.uri, store.artifacts).get_experiment("0").name
    'Default'
    """
    _relocate(store_uri)
    return _upstream(MLFLOW_SQL_TRACKING)(store_uri, artifact_uri)


def registry_store(store_uri: str) -> Any:
    """Return MLflow's own store of registered models, relocated.

    >>> registry_store(store.uri).search_registered_models()
    []
    """
    _relocate(store_uri)
    return _upstream(MLFLOW_SQL_REGISTRY)(store_uri)


def _relocate(store_uri: str) -> None:
    database = Path(store_uri.partition("?")[0].removeprefix(SQLITE)).absolute()
    artifacts = database.parent / ARTIFACTS
    if store_uri.startswith(SQLITE) and database.is_file() and artifacts.is_dir():
        try:
            relocate(database, artifacts)
        except (OSError, sqlite3.Error) as error:  # MLflow reads what it can, or has its own words
            log.warning("The records of %s may name another folder: %s", database, error)


def _upstream(name: tuple[str, str]) -> Any:
    return getattr(import_module(name[0]), name[1])
