"""Undocumented names of other packages are what the installed releases use."""

from importlib import import_module
from pathlib import Path

import pytest

from spaceship import _upstream
from spaceship.data._base import Dataset


def test_mlflow_notes_a_download_in_a_file_of_this_name() -> None:
    from mlflow.store.artifact import models_artifact_repo

    assert models_artifact_repo.REGISTERED_MODEL_META_FILE_NAME == _upstream.MLFLOW_DOWNLOAD_NOTE


def test_mlflow_remembers_the_places_of_runs_here() -> None:
    module, name = _upstream.MLFLOW_PLACES
    assert isinstance(getattr(import_module(module), name), dict)


@pytest.mark.parametrize("place", [_upstream.MLFLOW_SQL_TRACKING, _upstream.MLFLOW_SQL_REGISTRY])
def test_mlflow_opens_sqlite_stores_with_functions_of_this_name(place: tuple[str, str]) -> None:
    module, name = place
    assert callable(getattr(import_module(module), name))


def test_mlflow_writes_an_estimator_into_a_file_of_this_name(
    people: Dataset, tmp_path: Path
) -> None:
    import mlflow.sklearn
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier().fit(people.train[["Age"]], people.train["Transported"])
    mlflow.sklearn.save_model(
        model, str(tmp_path / "model"), serialization_format="skops", pip_requirements=["mlflow"]
    )
    assert (tmp_path / "model" / _upstream.MLFLOW_SKOPS_FILE).is_file()


@pytest.mark.parametrize("module", _upstream.ESTIMATOR_ERRORS)
def test_estimators_refuse_settings_with_errors_of_these_names(module: str) -> None:
    kind = getattr(import_module(module), _upstream.ESTIMATOR_ERRORS[module])
    assert issubclass(kind, Exception)


def test_hydra_finds_targets_and_loads_configs_by_these_names() -> None:
    from hydra._internal import hydra
    from hydra._internal.config_loader_impl import ConfigLoaderImpl

    assert _upstream.located("pathlib.Path") is Path
    assert issubclass(hydra.ConfigLoaderImpl, ConfigLoaderImpl)  # type: ignore[attr-defined]
    for name in ("load_configuration", "_load_single_config", "_process_config_searchpath"):
        assert callable(getattr(ConfigLoaderImpl, name))
