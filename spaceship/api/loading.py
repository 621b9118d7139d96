"""Loading of models and of the figures of runs, from the registry and the store of a task."""

import tempfile
from pathlib import Path

import pandas as pd
from mlflow import MlflowException

from spaceship.api.loaded_model import LoadedModel
from spaceship.errors import RegistryError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE
from spaceship.evaluation.report import REPORT_FILE
from spaceship.experiment import Experiment
from spaceship.files import read_json
from spaceship.model.predictor import Predictor
from spaceship.registry.packaging import load_version
from spaceship.registry.registry import CHAMPION, Registry, Version


def load(experiment: Experiment, name: str) -> LoadedModel:
    """Return a model by its version, alias or run; of a run without a model, the figures alone.

    Raises:
        NoChampionError: There is no champion yet.
        RegistryError: There is no such version or run, or a file of it is missing or changed.

    >>> load(experiment, "champion")
    Traceback (most recent call last):
    spaceship.errors.NoChampionError: expected a champion of spaceship_titanic-synthetic, found ...

    """
    registry = experiment.registry
    version = _version(registry, name)
    run_id = name if version is None else version.run_id
    with tempfile.TemporaryDirectory() as temporary:
        report, holdout = (
            _file(registry, version or run_id, one, Path(temporary))
            for one in (REPORT_FILE, HOLDOUT_FILE)
        )
        content = read_json(report)
        rows = pd.read_csv(holdout, index_col=0)
    return LoadedModel(
        name=str(content["name"]),
        version=None if version is None else version.number,
        run_id=run_id,
        recipe=content["recipe"],
        scores=content["metrics"],
        holdout=rows,
        _predictor=None if version is None else _predictor(experiment, version),
    )


def _version(registry: Registry, name: str) -> Version | None:
    """Return the version that a number, an alias or a run names; None for a run that made none."""
    if name == CHAMPION:
        return registry.champion()
    if name.isdecimal():
        return registry.version(name)
    return registry.find(name) or registry.version_of(name)


def _file(registry: Registry, place: Version | str, name: str, folder: Path) -> Path:
    """Copy a file of a version or of a run; return its path."""
    if isinstance(place, Version):
        return registry.fetch(place, name, folder)
    try:
        return Path(registry.store.client.download_artifacts(place, name, str(folder)))
    except (MlflowException, OSError) as error:
        what = f"a version, an alias or a run of {registry.model} that was judged"
        do = f"choose one of {registry.command('mode=history')}"
        raise RegistryError(expected(what, place, do)) from error


def _predictor(experiment: Experiment, version: Version) -> Predictor:
    stored = load_version(experiment.registry, version)
    return Predictor(stored.pipeline, stored.task or experiment.known_task, stored.margin)
