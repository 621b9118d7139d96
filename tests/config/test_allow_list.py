"""Only classes that a project has listed are made from a config, by us, by Hydra or by logging."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Shell
from omegaconf import OmegaConf

from spaceship.config import allow_list as targets
from spaceship.errors import ConfigError

FOREIGN = [
    "os.system",
    "joblib.load",
    "pandas.read_pickle",
    "mlflow.pyfunc.load_model",
    "builtins.eval",
    "spaceshipyard.Evil",
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the path of another project's `pyproject.toml`, not there yet."""
    path = tmp_path / "pyproject.toml"
    monkeypatch.setattr(targets, "_PROJECT", path)
    targets.allowed.cache_clear()
    yield path
    targets.allowed.cache_clear()


@pytest.mark.parametrize("target", FOREIGN)
def test_what_is_not_on_the_list_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match=r"under one of spaceship\..*found '"):
        targets.check_classes({"deep": [{"_target_": target}]})


@pytest.mark.parametrize(
    "target",
    [
        "sklearn.utils.validation.joblib.load",  # a module's own import is an attribute of it
        "spaceship.files.hashlib.sha256",
        "spaceship.config.build.os.system",
    ],
)
def test_a_way_round_through_an_import_is_none(target: str) -> None:
    with pytest.raises(ConfigError, match=r"which is|a class"):
        targets.check_classes({"_target_": target})


@pytest.mark.parametrize(
    "target", ["spaceship.files.write_atomically", "sklearn.datasets.fetch_openml"]
)
def test_functions_are_no_classes(target: str) -> None:
    with pytest.raises(ConfigError, match="that is a class, found"):
        targets.check_classes({"_target_": target})


@pytest.mark.parametrize("target", ["spaceship.files.write_json", "os.getcwd"])
def test_only_verbs_are_called(target: str) -> None:
    with pytest.raises(ConfigError, match=r"a function under spaceship\.mode\."):
        targets.verb(target)
    assert targets.verb("spaceship.mode.train.train").__name__ == "train"


def test_a_project_lists_more_in_its_own_file(project: Path) -> None:
    with pytest.raises(ConfigError, match="fractions"):
        targets.check_classes({"_target_": "fractions.Fraction"})
    project.write_text('[tool.spaceship]\nallowed-targets = ["fractions."]\n')
    targets.allowed.cache_clear()
    targets.check_classes({"_target_": "fractions.Fraction"})
    with pytest.raises(ConfigError, match=r"under spaceship\.mode\., fractions\.; found"):
        targets.verb("fractions.Fraction")


@pytest.mark.parametrize("value", ['"os."', "[1]", '[""]', '["."]', '["os"]'])
def test_a_list_that_is_none_is_refused(project: Path, value: str) -> None:
    project.write_text(f"[tool.spaceship]\nallowed-targets = {value}\n")
    with pytest.raises(ConfigError, match="a list of prefixes, found"):
        targets.allowed()


@pytest.mark.parametrize("key", ["_target_", "()", "class"])
def test_hydras_own_node_is_looked_at(key: str) -> None:
    node = {"hydra": {"job_logging": {"handlers": {"x": {key: "os.getcwd"}}}}}
    with pytest.raises(ConfigError, match=r"found 'os\.getcwd'"):
        targets.check_hydra(OmegaConf.create(node))
    node["hydra"]["job_logging"]["handlers"]["x"] = {key: "logging.StreamHandler"}
    targets.check_hydra(OmegaConf.create(node))


def test_a_callback_of_others_is_refused_before_hydra_makes_it(
    shell: Shell, tmp_path: Path
) -> None:
    trap = tmp_path / "trap.pkl"
    trap.write_bytes(b"cos\nmkdir\n(S'" + str(tmp_path / "sprung").encode() + b"'\ntR.")
    done = shell("mode=train", f"+hydra.callbacks.x={{_target_: joblib.load, filename: {trap}}}")
    assert done.returncode == 2
    assert "found 'joblib.load'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "sprung").exists()
