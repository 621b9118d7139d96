"""Checks at the start of a command: they come before any folder, run, file and big library."""

import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hydra.errors import MissingConfigException
from hydra.types import RunMode
from omegaconf import flag_override

from spaceship.callbacks._start import Start
from spaceship.config.loader import loader
from spaceship.config.resolvers import register_resolvers
from spaceship.errors import SpaceshipError
from tests import forks
from tests.commands import ROOT

SCRIPT = ROOT / "scripts" / "run.py"
REFUSED = {
    "data=local data.dir=nowhere": "expected data.dir=",
    "data=local data.train=nowhere.csv": "nowhere.csv: expected a CSV file, found no such file",
    "mode=inference inference.input=nowhere.csv": "found no such file",
    "mode=inference data=sql": "found data.url not set",
    "mode=tune model=tabicl": "needs the package tabicl; run:",
    "-m mode=train model=lgbm,tabicl": "needs the package tabicl; run:",
    "mode=train task=wine data=synthetic": "expected data=synthetic with task=spaceship_titanic",
    "mode=pp task=wine features=full": "found full, made for task=spaceship_titanic",
    "mode=train split.n_folds=1 seed=x": "change it on the command line: seed=42 split.n_folds=5",
    "mode=train gate.force=true": "expected a reason for gate.force=true, found none; say why",
    "mode=train paths.outputs=/etc/hosts/mine": "found a file at /etc/hosts; choose another folder",
    "mode=train task=new": "expected a task, found task=new",
    "mode=init data.dir=nowhere": "to be a folder, found nothing there",
    "mode=history history.at=yesterday": "expected history.at=YYYY-MM-DD",
    "mode=simulate simulate.eras=1": "expected simulate.eras to be a whole number, 2 to 100",
    "-m model.estimator.C=range(1,5,0)": "range() arg 3 must not be zero; list them",
    "-m hydra.sweeper.params=${project_root:}": "expected overrides in hydra.sweeper.params",
    "--config-path nope mode=history": "Primary config module",
}


@pytest.mark.slow
@pytest.mark.parametrize("line", REFUSED)
def test_a_refused_command_leaves_nothing(tmp_path: Path, line: str) -> None:
    outputs = f"paths.outputs={tmp_path / 'outputs'}"
    words = line.split() if "paths.outputs" in line else [*line.split(), outputs]
    done = forks.run([sys.executable, str(SCRIPT), *words], tmp_path)
    assert done.returncode == 2, done.stderr
    assert REFUSED[line] in done.stderr
    assert "Traceback" not in done.stderr
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_a_refused_command_deletes_nothing_of_others(tmp_path: Path) -> None:
    line = ["mode=history", "history.at=2020-13-45", f"paths.outputs={tmp_path / 'outputs'}"]
    logs = tmp_path / "logs"
    (logs / ".hydra").mkdir(parents=True)
    for name in ("run.log", "mine.log", ".hydra/config.yaml.old"):
        (logs / name).write_text("mine\n")
    for folder in (logs, tmp_path / "outputs" / "new", tmp_path / "elsewhere"):
        words = [sys.executable, str(SCRIPT), *line, f"hydra.run.dir={folder}"]
        assert forks.run(words, tmp_path).returncode == 2
    assert (logs / "run.log").read_text().startswith("mine\n")
    assert {path.name for path in logs.iterdir()} == {".hydra", "run.log", "mine.log"}
    assert (logs / ".hydra" / "config.yaml.old").read_text() == "mine\n"
    assert [*tmp_path.iterdir()] == [logs]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("mode=train data=local data.dir=nowhere", "nowhere"),
        ("gate.reveal=laddr", "ladder"),
        ("data=kaggle inference.submit=true", "expected Kaggle credentials, found none"),
        ("mode=inference data=kaggle inference.submit=true", "expected Kaggle credentials"),
        ("inference.submit=true", "found data=synthetic; use data=kaggle"),
    ],
)
def test_a_refusal_loads_neither_mlflow_nor_scikit_learn(
    tmp_path: Path, line: str, told: str
) -> None:
    command = [sys.executable, "-X", "importtime", str(SCRIPT), *line.split()]
    command.append(f"paths.outputs={tmp_path}/outputs")
    without = {name: one for name, one in os.environ.items() if not name.startswith("KAGGLE")}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=without | {"HOME": str(tmp_path)},
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "outputs").exists()
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "spaceship.callbacks._start" in loaded
    assert not loaded & {"mlflow", "sklearn", "scipy.stats", "optuna", "lightgbm", "catboost"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["history", "leaderboard"])
def test_what_reads_runs_and_versions_loads_no_scikit_learn(
    tmp_path: Path, database: Path, mode: str
) -> None:
    (tmp_path / "mlflow.db").write_bytes(database.read_bytes())
    line = [f"mode={mode}", f"paths.outputs={tmp_path}"]
    command = [sys.executable, "-X", "importtime", str(SCRIPT), *line]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not loaded & {"mlflow", "sklearn", "scipy.stats", "lightgbm", "catboost", "optuna"}


def test_params_of_a_sweeper_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    register_resolvers()
    monkeypatch.setenv("MODELS", "svm,lgbm")
    config = loader().load_configuration("config", [], RunMode.MULTIRUN)
    with flag_override(config, ["struct", "readonly"], values=False):
        config.hydra.sweeper.params = {"model": "${oc.env:MODELS}"}
    Start(config).check_sweep()
    monkeypatch.setenv("MODELS", "svm,no_such")
    with pytest.raises(MissingConfigException):
        Start(config).check_sweep()


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("mode=serve", None),
        ("mode=image", None),
        ("mode=inference inference.input={rows}", None),
        ("mode=inference inference.input={rows} inference.submit=true", "train.csv"),
        ("mode=inference", "test.csv"),
        ("mode=train inference.input={rows}", "train.csv"),
    ],
)
def test_files_are_asked_for_where_they_are_read(
    tmp_path: Path, line: str, asked: str | None
) -> None:
    register_resolvers()
    (tmp_path / "rows.csv").write_text("id\n1\n")
    words = [*line.format(rows=tmp_path / "rows.csv").split(), "data=local"]
    config = loader().load_configuration("config", [*words, f"data.dir={tmp_path}"], RunMode.RUN)
    with pytest.raises(SpaceshipError, match=re.escape(asked)) if asked else nullcontext():
        Start(config).check_job()
