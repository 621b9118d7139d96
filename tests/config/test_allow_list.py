"""Only classes on a project's list are made from a config: by the project, Hydra or logging."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from spaceship.config import allow_list
from spaceship.errors import ConfigError
from tests.commands import Shell

FOREIGN = [
    "os.system",
    "joblib.load",
    "pandas.read_pickle",
    "mlflow.pyfunc.load_model",
    "builtins.eval",
    "spaceshipyard.Evil",
]


@pytest.fixture
def pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of another project's `pyproject.toml`, not there yet."""
    path = tmp_path / "pyproject.toml"
    monkeypatch.setattr(allow_list, "PYPROJECT", path)
    return path


@pytest.mark.parametrize("target", FOREIGN)
def test_a_target_that_is_not_on_the_list_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match=r"under one of spaceship\..*found '"):
        allow_list.check_classes({"deep": [{"_target_": target}]})


@pytest.mark.parametrize(
    "target",
    [
        "sklearn.utils.validation.joblib.load",  # a module's own import is an attribute of it
        "sklearn.base.np.load",
        "spaceship.data.cache.Path",
        "spaceship.data.cache.load_dataset",
    ],
)
def test_an_import_of_an_allowed_module_is_no_way_round(target: str) -> None:
    with pytest.raises(ConfigError, match=r"which is a \w+ of (joblib|numpy|spaceship|pathlib)"):
        allow_list.check_classes({"_target_": target})


@pytest.mark.parametrize(
    "target", ["spaceship.data.csv_reader.read_csv", "sklearn.datasets.fetch_openml"]
)
def test_functions_are_no_classes(target: str) -> None:
    with pytest.raises(ConfigError, match=r"that is a class under .*which is a function of"):
        allow_list.check_classes({"_target_": target})


@pytest.mark.parametrize("target", ["spaceship.files.write_json", "os.getcwd"])
def test_only_verbs_are_called(target: str) -> None:
    with pytest.raises(ConfigError, match=r"a function under spaceship\.mode\."):
        allow_list.verb(target)
    assert allow_list.verb("spaceship.mode.train.train").__name__ == "train"


def test_a_project_lists_more_in_its_own_file(pyproject: Path) -> None:
    pyproject.write_text('[tool.spaceship]\nallowed-targets = ["fractions."]\n')
    allow_list.check_classes({"_target_": "fractions.Fraction"})
    with pytest.raises(ConfigError, match=r"under spaceship\.mode\., fractions\.; found"):
        allow_list.verb("fractions.Fraction")


def test_without_that_file_the_list_is_the_usual_one(pyproject: Path) -> None:
    with pytest.raises(ConfigError, match="fractions"):
        allow_list.check_classes({"_target_": "fractions.Fraction"})
    assert not pyproject.exists()


@pytest.mark.parametrize("value", ['"os."', "[1]", '[""]', '["."]', '["os"]'])
def test_a_list_that_is_none_is_refused(pyproject: Path, value: str) -> None:
    pyproject.write_text(f"[tool.spaceship]\nallowed-targets = {value}\n")
    with pytest.raises(ConfigError, match="a list of prefixes, found"):
        allow_list.own_prefixes(pyproject)


@pytest.mark.parametrize("key", ["_target_", "()", "class"])
@pytest.mark.parametrize("target", ["os.getcwd", "logging.io.open", "logging.shutdown", "${x}"])
def test_foreign_objects_in_hydras_own_node_are_refused(key: str, target: str) -> None:
    node: dict[str, Any] = {"hydra": {"job_logging": {"handlers": {"x": {key: target}}}}}
    found = "os.getcwd" if target == "${x}" else target
    with pytest.raises(ConfigError, match=f"found '{found}'"):
        allow_list.check_config(OmegaConf.create(node | {"x": "os.getcwd"}))
    node["hydra"]["job_logging"]["handlers"]["x"] = {key: "logging.StreamHandler"}
    allow_list.check_config(OmegaConf.create(node))


@pytest.mark.parametrize("part", ["launcher", "sweeper", "callbacks"])
@pytest.mark.parametrize("name", ["logging.StreamHandler", "sklearn.svm.SVC", "${nope}", "x.y.Z"])
def test_each_part_of_hydras_node_has_names_of_its_own(part: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"in hydra.{part} that is a class of"):
        allow_list.check_config(OmegaConf.create({"hydra": {part: {"x": {"_target_": name}}}}))


@pytest.mark.parametrize("address", ["ext://os.system", "ext://antigravity", "cfg://root.x"])
def test_logging_imports_nothing_but_the_terminals_streams(address: str) -> None:
    node = {"handlers": {"x": {"class": "logging.StreamHandler", "stream": address}}}
    with pytest.raises(ConfigError, match=r"ext://sys\.stdout"):
        allow_list.check_config(OmegaConf.create({"hydra": {"job_logging": node}}))


@pytest.mark.parametrize("target", ["xgboost.tracker.RabitTracker", "lightgbm.Booster"])
def test_of_an_estimators_package_only_estimators_are_made(target: str) -> None:
    pytest.importorskip(target.partition(".")[0])
    with pytest.raises(ConfigError, match="that is a class under"):
        allow_list.check_classes({"_target_": target})


@pytest.mark.parametrize("name", ["memory", "train_dir"])
def test_estimators_get_no_files_from_a_config(name: str) -> None:
    allow_list.check_classes({"_target_": "sklearn.pipeline.Pipeline", name: None})
    with pytest.raises(ConfigError, match="no file in sklearn"):
        allow_list.check_classes({"_target_": "sklearn.pipeline.Pipeline", name: "folder"})


def test_a_module_off_the_list_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_module.py").write_text("raise SystemExit(7)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for node in ({"x": {"_target_": "evil_module.X"}}, {"mode": {"_target_": "evil_module.x"}}):
        with pytest.raises(ConfigError, match="evil_module"):
            allow_list.check_config(OmegaConf.create(node))
    hydra = {"sweeper": {"sampler": {"_target_": "evil_module.X"}}}
    with pytest.raises(ConfigError, match="evil_module"):
        allow_list.check_config(OmegaConf.create({"hydra": hydra}))


def test_a_command_line_is_under_the_same_check(shell: Shell) -> None:
    done = shell("mode=train", "+hydra.callbacks.x={_target_: joblib.load, filename: x}")
    assert done.returncode == 2
    assert "found 'joblib.load'" in done.stderr
