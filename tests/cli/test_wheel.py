"""The installed package: a wheel in an environment of its own, run from an empty folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.commands import QUICK, QUICK_MODEL, ROOT, SUBMISSION

pytestmark = pytest.mark.slow


class Installed:
    """The command `spaceship` of a fresh environment, in a folder of its own."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.environment, self.folder = environment, folder

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.environment / "bin" / "spaceship", *arguments],
            cwd=self.folder,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def files(self) -> set[Path]:
        paths = (self.environment / "lib").rglob("*")
        return {path for path in paths if path.suffix != ".pyc" and path.name != "__pycache__"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an environment with the wheel alone; other packages come from the one of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    place, python = folder / "environment", [sys.executable, "-m"]
    commands = [
        [*python, "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        [*python, "venv", "--without-pip", str(place)],
    ]
    for command in commands:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    install = ["pip", "--python", str(place), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*python, *install], cwd=folder, check=True, capture_output=True)
    (site,) = place.glob("lib/*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_paths()["purelib"])
    return place


@pytest.fixture
def spaceship(environment: Path, tmp_path: Path, database: Path) -> Installed:
    """Give the command in a folder inside a foreign git repository."""
    folder = tmp_path / "foreign" / "empty"
    (folder / "outputs").mkdir(parents=True)
    shutil.copy(database, folder / "outputs" / "mlflow.db")
    git = ["git", "-C", str(folder.parent), "-c", "user.name=me", "-c", "user.email=me@host"]
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "foreign"]):
        subprocess.run([*git, *command], check=True)
    return Installed(environment, folder)


def test_a_champion_and_a_submission_under_the_working_directory(spaceship: Installed) -> None:
    before = spaceship.files()
    done = spaceship(*QUICK, QUICK_MODEL, "report.of_jobs=true")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in spaceship.folder.iterdir()] == ["outputs"]
    outputs = spaceship.folder / "outputs"
    assert (outputs / SUBMISSION).is_file()
    assert [*outputs.glob("runs/**/report.html")], "the templates are not in the wheel"
    uri = f"sqlite:///{outputs}/mlflow.db"
    client = MlflowClient(uri, uri)
    champion = client.get_model_version_by_alias("spaceship_titanic-synthetic", "champion")
    tags = client.get_run(str(champion.run_id)).data.tags
    assert tags["command"].startswith("spaceship data.n_groups=400")
    assert not {"git_sha", "git_dirty"} & set(tags), "of a repository that is not the package's"
    assert spaceship.files() == before, "written beside the installed package"


def test_help_and_config_name_the_command_and_its_outputs(spaceship: Installed) -> None:
    told = spaceship("--help").stdout
    assert f"Usage: {spaceship.environment / 'bin' / 'spaceship'} [GROUP=CHOICE" in told
    assert "hist_gradient_boosting" in told
    config = spaceship("--cfg", "job", "--resolve").stdout
    assert f"outputs: {spaceship.folder}/outputs" in config


def test_configs_of_the_working_directory_add_and_override(spaceship: Installed) -> None:
    for name, content in {
        "model/mine.yaml": "defaults: [lgbm, _self_]\nestimator: {n_estimators: 7}\n",
        "features/raw.yaml": "_target_: spaceship.features.raw.RawFeatures\nmine: true\n",
        "local/default.yaml": "# @package _global_\nseed: 7\n",
    }.items():
        path = spaceship.folder / "configs" / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    config = spaceship("model=mine", "features=raw", "--cfg", "job")
    assert config.returncode == 0, config.stderr
    assert {"seed: 7", "    n_estimators: 7", "  mine: true"} <= set(config.stdout.splitlines())


def test_messages_name_the_installed_command(spaceship: Installed) -> None:
    done = spaceship("mode=promote")
    assert done.returncode == 2
    program = spaceship.environment / "bin" / "spaceship"
    assert f"becomes one:\n         {program} task=spaceship_titanic data=synthetic " in done.stderr


def test_the_version_is_the_wheels(spaceship: Installed) -> None:
    command = [str(spaceship.environment / "bin" / "python"), "-I", "-c"]
    code = "import spaceship; print(spaceship.__version__, spaceship.__file__)"
    told = subprocess.run([*command, code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("0.2.0 ")
    assert str(spaceship.environment) in told


OWN_TABLE = """
import pandas as pd
import spaceship
spaceship.Project("new", data="churn.csv", quiet=True).run(
    "init", {"task.label": "left", "task.name": "churn"}
)
project = spaceship.Project("churn", data="churn.csv", quiet=True)
result = project.train({"model": "logistic_regression", "gate.floor.minimum": 0.5})
champion, rows = project.champion(), pd.read_csv("churn.csv").head(3)
print(result.award, champion.version, champion.predict_proba(rows).shape, sep=",")
"""


def test_python_learns_a_table_of_ones_own(spaceship: Installed) -> None:
    rng = np.random.default_rng(1)
    calls, months = rng.poisson(3, 400), rng.integers(1, 60, 400)
    left = np.where(calls - months / 20 + rng.normal(size=400) > 2, "yes", "no")
    table = pd.DataFrame({"calls": calls, "months": months, "left": left})
    table.to_csv(spaceship.folder / "churn.csv", index=False)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [str(spaceship.environment / "bin" / "python"), "-c", OWN_TABLE]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=spaceship.folder, env=environment
    )
    assert done.stderr == ""
    assert done.stdout == "champion,1,(3, 2)\n"
