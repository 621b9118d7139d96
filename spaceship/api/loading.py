"""Loading of models and of the figures of runs, from the registry and the store of a task."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
from mlflow import MlflowException

from spaceship.api.loaded_model import LoadedModel
from spaceship.errors import RegistryError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE, places_of_values
from spaceship.evaluation.report import REPORT_FILE
from spaceship.experiment import Experiment
from spaceship.files import read_json
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.mode import leaderboard
from spaceship.model.predictor import Predictor
from spaceship.process.temporary import temporary_folder
from spaceship.records import to_plain
from spaceship.registry.packaging import load_version
from spaceship.registry.registry import CHAMPION, Registry, Version
from spaceship.tracking.leaderboard import RankedRun
from spaceship.tracking.run_names import find_run
from spaceship.tracking.runs import read_runs


def load(experiment: Experiment, name: str) -> LoadedModel:
    """Return a model by its version, alias or run; of a run without a model, the figures alone.

    Raises:
        NoChampionError: There is no champion yet.
        ConfigError: There is no such alias or run.
        RegistryError: There is no such version, or a file of it is missing or changed.

    >>> load(experiment, "champion")
    Traceback (most recent call last):
    spaceship.errors.NoChampionError: expected a champion of spaceship_titanic-synthetic, found ...

    """
    registry = experiment.registry
    version, run_id = _find(registry, name)
    with temporary_folder() as folder:
        place = version or run_id
        content, rows = read_json(_file(registry, place, REPORT_FILE, folder)), None
        if _is_told(registry, run_id, folder):
            path = _file(registry, place, HOLDOUT_FILE, folder)
            rows = _predictions(path, labelled=content.get("holdout_labelled", True))
    return LoadedModel(
        name=str(content["name"]),
        version=None if version is None else version.number,
        run_id=run_id,
        recipe=content["recipe"],
        scores=content["metrics"],
        holdout=rows,
        _predictor=None if version is None else _predictor(experiment, version),
    )


def ranked(experiment: Experiment, *, trials: bool) -> pd.DataFrame:
    """Return the leaderboard of the task, a row a run.

    >>> ranked(experiment, trials=False).empty
    True
    """
    board = leaderboard.ranked(experiment, trials=trials)
    columns = [one.name for one in fields(RankedRun)]
    table = pd.DataFrame([to_plain(run) for run in board.runs], columns=columns)
    made = pd.to_datetime(table["made"], format="ISO8601", utc=True)
    return table.assign(made=made).set_index("run_id")


def _find(registry: Registry, name: str) -> tuple[Version | None, str]:
    """Return the version that a number, an alias or a run names, if there is one, and its run."""
    version: Version | None
    if name == CHAMPION:
        version = registry.champion()
    elif name.isdecimal():
        version = registry.version(name)
    else:
        version = registry.find(name)
    if version is not None:
        return version, version.run_id
    run_id = find_run(read_runs(registry.store), name, "show", registry.command).run_id
    return next(reversed(registry.versions_of(run_id)), None), run_id


def _file(registry: Registry, place: Version | str, name: str, folder: Path) -> Path:
    """Copy a file of a version or of a run; return its path."""
    if isinstance(place, Version):
        return registry.fetch(place, name, folder)
    try:
        return Path(registry.store.client.download_artifacts(place, name, str(folder)))
    except (MlflowException, OSError) as error:
        what, do = f"a run that was judged, with {name}", registry.command("mode=leaderboard")
        raise RegistryError(
            expected(what, f"run {place} without it", f"see all runs: {do}")
        ) from error


def _is_told(registry: Registry, run_id: str, folder: Path) -> bool:
    """Return whether a run has a verdict that tells figures of the hold-out."""
    try:
        _file(registry, run_id, VERDICT_FILE, folder)
        return Verdict.read(folder).told
    except RegistryError:
        return False


def _predictions(path: Path, *, labelled: bool) -> pd.DataFrame:
    r"""Return the rows of a file of `HoldOut.to_csv`, by id; all but the predictions are text.

    A file of an older release is `labelled`: its second column is left out.

    >>> _ = (tmp_path / "holdout.csv").write_text("id,probability,plan\n0025,0.5,NA\n")
    >>> _predictions(tmp_path / "holdout.csv", labelled=False).reset_index().to_numpy().tolist()
    [['0025', 0.5, 'NA']]
    """
    table = pd.read_csv(path, header=None, dtype="str", keep_default_na=False)
    if labelled:
        table = table.drop(columns=1)
    names = table.iloc[0].tolist()  # set at last: they may come twice
    numbers = dict.fromkeys(table.columns[places_of_values(names)], float)
    rows = table.iloc[1:].astype(numbers).set_index(table.columns[0])
    return rows.rename_axis(names[0]).set_axis(names[1:], axis="columns")


def _predictor(experiment: Experiment, version: Version) -> Predictor:
    stored = load_version(experiment.registry, version)
    return Predictor(stored.pipeline, stored.task or experiment.known_task, stored.margin)
