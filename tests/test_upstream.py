"""Undocumented names of other packages are what the installed releases use."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lightgbm import LGBMRegressor
from mlflow.entities import ViewType
from omegaconf import OmegaConf, base
from omegaconf.errors import GrammarParseError

from spaceship import _upstream
from spaceship.data._base import Dataset
from spaceship.tracking.store import Store


def test_lightgbm_keeps_trees_and_further_settings_where_a_cluster_puts_them() -> None:
    model = LGBMRegressor(n_estimators=1, verbose=-1, time_out=2).fit([[1.0]] * 50, [1.0] * 50)
    assert vars(model)[_upstream.LIGHTGBM_BOOSTER] is model.booster_
    assert vars(model)[_upstream.LIGHTGBM_EXTRA]["time_out"] == 2


def test_mlflow_notes_a_download_in_a_file_of_this_name() -> None:
    from mlflow.store.artifact import models_artifact_repo

    assert models_artifact_repo.REGISTERED_MODEL_META_FILE_NAME == _upstream.MLFLOW_DOWNLOAD_NOTE


def test_mlflow_remembers_the_places_of_runs_here() -> None:
    module, name = _upstream.MLFLOW_PLACES
    assert isinstance(getattr(import_module(module), name), dict)


def test_mlflow_keeps_its_addresses_here() -> None:
    import mlflow

    mlflow.set_tracking_uri("sqlite:///a.db")
    mlflow.set_registry_uri("sqlite:///b.db")
    found = [getattr(import_module(place), name) for place, name in _upstream.MLFLOW_ADDRESSES]
    assert found == ["sqlite:///a.db", "sqlite:///b.db"]


def test_omegaconf_parses_a_text_once_and_resolves_it_each_time() -> None:
    _upstream.keep_parsed()
    _upstream.keep_parsed()  # does nothing more
    parse: Any = vars(base)["parse"]
    config = OmegaConf.create({"a": 1, "key": "a", "b": "${oc.select:x${${key}}, n_${a}}"})
    parse.cache_clear()
    assert config.b == "n_1"
    parsed = parse.cache_info().misses
    config.a, config.x2 = 2, [3]
    assert config.b == [3]
    config.a = 4
    assert config.b == "n_4"
    assert parse.cache_info().misses == parsed
    for _ in range(2):
        with pytest.raises(GrammarParseError):
            OmegaConf.create({"a": "${b"})


def test_omegaconf_keeps_its_resolvers_here() -> None:
    assert not OmegaConf.has_resolver("of_this_test")
    _upstream.resolvers()["of_this_test"] = _upstream.resolvers()["oc.env"]
    assert OmegaConf.has_resolver("of_this_test")
    del _upstream.resolvers()["of_this_test"]
    assert not OmegaConf.has_resolver("of_this_test")


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


def test_mlflow_checks_names_of_models_by_this_method_and_reads_the_model_for_it_alone() -> None:
    from mlflow import MlflowClient

    names = MlflowClient._raise_if_prompt.__code__.co_names
    assert {*names} == {"get_registered_model", "has_prompt_tag", "_tags", "_model_not_found"}


def test_hydra_writes_a_line_before_it_raises_the_error_of_a_job_unless_told_not_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hydra.core import utils

    assert "Error executing job" in Path(utils.__file__).read_text()
    own = vars(utils.JobReturn)["return_value"]
    monkeypatch.setattr(utils.JobReturn, "return_value", own)  # restored at the end
    _upstream.raise_plainly()
    job = utils.JobReturn(status=utils.JobStatus.FAILED, _return_value=ValueError("of a job"))
    with pytest.raises(ValueError, match="of a job"):
        _ = job.return_value
    assert capsys.readouterr().err == ""


def test_mlflow_erases_runs_and_logged_models_of_a_database(store: Store) -> None:
    run_id = store.start_run("a run", {})
    model = store.client.create_logged_model(store.experiment_id, "model", run_id)
    erasers = _upstream.mlflow_erasers(store.uri)
    assert erasers is not None
    erasers[1](model.model_id)
    erasers[0](run_id)
    assert store.client.search_logged_models([store.experiment_id]) == []
    assert store.client.search_runs([store.experiment_id], run_view_type=ViewType.ALL) == []
    assert _upstream.mlflow_erasers("http://127.0.0.1:9") is None


@pytest.mark.parametrize("module", _upstream.ESTIMATOR_ERRORS)
def test_estimators_refuse_settings_with_errors_of_these_names(module: str) -> None:
    kind = getattr(import_module(module), _upstream.ESTIMATOR_ERRORS[module])
    assert issubclass(kind, Exception)


def test_hydra_finds_targets_and_loads_configs_by_these_names() -> None:
    from spaceship.config._upstream import ConfigLoaderImpl, get_args_parser, hydra_app

    assert _upstream.located("pathlib.Path") is Path
    assert issubclass(hydra_app.ConfigLoaderImpl, ConfigLoaderImpl)  # type: ignore[attr-defined]
    for name in ("load_configuration", "_load_single_config", "_process_config_searchpath"):
        assert callable(getattr(ConfigLoaderImpl, name))
    assert get_args_parser().parse_args(["-m", "seed=1"]).multirun


def test_skops_trusts_the_names_of_this_list() -> None:
    with _upstream.skops_io():
        pass
    assert hasattr(import_module("skops.io._general"), "SKLEARN_ESTIMATOR_TYPE_NAMES")
    assert hasattr(import_module("skops.io._trusted_types"), "all_estimators")
    assert hasattr(import_module("skops.io._utils"), "get_type_name")


def test_skops_trusts_the_functions_that_it_would_find_at_its_import() -> None:
    code = """
import sys, scipy.special, numpy
from importlib import import_module
if sys.argv[1] == "ours":
    from spaceship._upstream import skops_io
    with skops_io():
        pass
trusted = import_module("skops.io._trusted_types")
names = [*trusted.SCIPY_UFUNC_TYPE_NAMES + trusted.NUMPY_UFUNC_TYPE_NAMES]
assert "numpy.log1p" in names or "numpy._core._multiarray_umath.log1p" in names
import skops.io
content = skops.io.dumps([numpy.log1p, scipy.special.expit])
print(names, skops.io.get_untrusted_types(data=content), sorted(vars(skops.io)))
"""
    found = [
        subprocess.run([sys.executable, "-c", code, whose], check=True, stdout=subprocess.PIPE)
        for whose in ("ours", "skops'")
    ]
    assert found[0].stdout == found[1].stdout


def test_a_stored_model_costs_no_other_user_of_skops_an_estimator() -> None:
    code = """
import sys, threading
import sklearn.utils
from sklearn.linear_model import LogisticRegression
from spaceship._upstream import skops_io
listed = sklearn.utils.all_estimators
def use():
    for _ in range(2000):
        with skops_io():
            pass
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=use) for _ in range(4)]
[one.start() for one in threads], [one.join() for one in threads]
assert sklearn.utils.all_estimators is listed
with skops_io() as io:
    content = io.dumps(LogisticRegression())
    assert io.get_untrusted_types(data=content)
assert "sklearn.mixture" not in sys.modules, "all estimators are imported"
assert not io.get_untrusted_types(data=content)
assert io.loads(content).C == 1.0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_spark_keeps_its_java_process_here() -> None:
    context = pytest.importorskip("pyspark").SparkContext
    assert {"_gateway", "_jvm"} <= vars(context).keys()
