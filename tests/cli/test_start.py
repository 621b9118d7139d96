"""Checks at the start of a command: they come before any folder, run, file and big library."""

import subprocess
import sys
from pathlib import Path

import pytest

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
@pytest.mark.parametrize("line", ["mode=train data=local data.dir=nowhere", "gate.reveal=laddr"])
def test_a_refusal_loads_neither_mlflow_nor_scikit_learn(tmp_path: Path, line: str) -> None:
    command = [sys.executable, "-X", "importtime", str(SCRIPT), *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "spaceship.callbacks._start" in loaded
    assert not loaded & {"mlflow", "sklearn", "scipy.stats", "optuna", "lightgbm", "catboost"}


@pytest.mark.slow
def test_the_history_loads_no_scikit_learn(tmp_path: Path, database: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(database.read_bytes())
    line = ["mode=history", f"paths.outputs={tmp_path}"]
    command = [sys.executable, "-X", "importtime", str(SCRIPT), *line]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "mlflow" in loaded
    assert not loaded & {"sklearn", "scipy.stats", "lightgbm", "catboost"}
