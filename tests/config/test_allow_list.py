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
TRAP = "{_target_: joblib.load, filename: TRAP}"
HOSTILE = {
    "a callback": f"hydra: {{callbacks: {{x: {TRAP}}}}}",
    "a callback behind an interpolation": f"x: {TRAP}\nhydra: {{callbacks: {{x: '${{x}}'}}}}",
    "a callback, with the check's own places overridden": (
        "defaults: [override /hydra/hydra_logging: disabled, override /hydra/job_logging: none]\n"
        f"hydra: {{hydra_logging: {{version: 1}}, callbacks: {{mlflow: {TRAP}}}}}"
    ),
    "a log handler": "hydra: {job_logging: {handlers: {x: {'()': logging.io.open, file: TRAP}}}}",
}


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
        "spaceship.files.hashlib.sha256",
        "spaceship.config.resolvers.os.system",
        "spaceship.files.Path",
    ],
)
def test_an_import_of_an_allowed_module_is_no_way_round(target: str) -> None:
    with pytest.raises(ConfigError, match=r"which is a \w+ of (joblib|_hashlib|posix|pathlib)"):
        allow_list.check_classes({"_target_": target})


@pytest.mark.parametrize(
    "target", ["spaceship.files.write_atomically", "sklearn.datasets.fetch_openml"]
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
        allow_list.check_hydra(OmegaConf.create(node | {"x": "os.getcwd"}))
    node["hydra"]["job_logging"]["handlers"]["x"] = {key: "logging.StreamHandler"}
    allow_list.check_hydra(OmegaConf.create(node))


@pytest.mark.parametrize("line", [[], ["-m"]], ids=["run", "multirun"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_file_of_others_makes_hydra_make_nothing(
    shell: Shell, tmp_path: Path, hostile: str, line: list[str]
) -> None:
    trap, folder = tmp_path / "trap.pkl", tmp_path / "configs" / "experiment"
    trap.write_bytes(b"cos\nmkdir\n(S'" + str(tmp_path / "sprung").encode() + b"'\ntR.")
    folder.mkdir(parents=True)
    content = HOSTILE[hostile].replace("TRAP", str(trap))
    (folder / "shared.yaml").write_text(f"# @package _global_\n{content}\n")
    done = shell(*line, "mode=train", "experiment=shared")
    assert done.returncode == 2
    assert "expected a _target_ that is a class" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "sprung").exists()


def test_a_command_line_is_under_the_same_check(shell: Shell) -> None:
    done = shell("mode=train", "+hydra.callbacks.x={_target_: joblib.load, filename: x}")
    assert done.returncode == 2
    assert "found 'joblib.load'" in done.stderr
