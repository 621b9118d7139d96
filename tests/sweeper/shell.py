"""Project: sweeps with one outputs folder, and the study, runs and files they leave there."""

import json
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._study import VOID
from tests import forks
from tests.forks import Done, Fork

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"
QUICK = (
    *("data.n_groups=300", "features=raw", "gate.floor.minimum=0.5", "split.n_folds=3"),
    "report.of_jobs=false",
)
LOGISTIC = ("model=logistic_regression", "model.estimator.C=tag(log,interval(0.01,10))")
TWO_WORKERS = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
TIMEOUT_SECONDS = 240


def run(command: list[str], folder: Path) -> Done:
    """Run a command of this project, or one that it has printed, to its end."""
    return forks.run(command, folder, TIMEOUT_SECONDS)


def app(name: str, folder: Path, *arguments: str) -> Done:
    """Run one of the small apps in a folder, its errors as Hydra shows them by default."""
    command = [sys.executable, str(APPS / name), *arguments]
    return forks.run(command, folder, TIMEOUT_SECONDS, HYDRA_FULL_ERROR="0")


def results(folder: Path) -> dict[str, Any]:
    """Return what the only sweep below a folder has found."""
    paths = folder.rglob("optimization_results.yaml")
    (path,) = (one for one in paths if "mlartifacts" not in one.parts)
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def load(folder: Path, name: str | None = None) -> optuna.Study:
    """Return the study below a folder: the only one, or that of a name."""
    (path,) = folder.rglob(f"{name or '*'}.journal")
    return optuna.load_study(study_name=path.stem, storage=open_storage(str(path)))


def counting(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that count, those that have not run yet included."""
    return [trial for trial in study.get_trials() if VOID not in trial.user_attrs]


def resume_command(told: str) -> list[str]:
    """Return the last command that a process told its user to go on with."""
    return shlex.split(re.findall(r"[Gg]o on with:\s+(.*)", told)[-1])


@dataclass(frozen=True)
class Project:
    """This project with an outputs folder of its own."""

    outputs: Path

    @classmethod
    def new(cls, outputs: Path, database: Path) -> "Project":
        """Return a project with an empty outputs folder and a copy of a database."""
        outputs.mkdir()
        shutil.copy(database, outputs / "mlflow.db")
        return cls(outputs)

    def command(self, *arguments: str) -> list[str]:
        """Return the command of a sweep of one cheap candidate."""
        script = [sys.executable, str(ROOT / "scripts" / "run.py"), "-m", "hydra/sweeper=optuna"]
        return [*script, "mode=train", *QUICK, *arguments, f"paths.outputs={self.outputs}"]

    def sweep(self, *arguments: str) -> Done:
        """Run a sweep to its end."""
        return run(self.command(*arguments), self.outputs.parent)

    def start(self, *arguments: str) -> Fork:
        """Start a sweep in a process group of its own, as a terminal does."""
        return Fork(self.command(*arguments), self.outputs.parent, start_new_session=True)

    def study(self) -> optuna.Study:
        """Return the only study."""
        return load(self.outputs)

    def runs(self) -> list[Run]:
        """Return all MLflow runs, the latest first."""
        uri = f"sqlite:///{self.outputs}/mlflow.db"
        client = MlflowClient(uri, uri)
        experiment = client.get_experiment_by_name("spaceship")
        assert experiment is not None
        return list(client.search_runs([experiment.experiment_id]))

    def artifacts(self, run: Run) -> set[str]:
        """Return the names of a run's artifacts."""
        uri = f"sqlite:///{self.outputs}/mlflow.db"
        return {item.path for item in MlflowClient(uri, uri).list_artifacts(run.info.run_id)}

    def verdicts(self) -> list[dict[str, Any]]:
        """Return the verdicts on single jobs."""
        paths = sorted(self.outputs.glob("multiruns/*/*/*/verdict.json"))
        return [json.loads(path.read_text()) for path in paths]

    def check_complete(self, n_trials: int) -> None:
        """Assert that a sweep is over in every respect: nothing lost, twice, or left open."""
        study, runs = self.study(), self.runs()
        trials = counting(study)
        assert len(trials) == n_trials
        assert {one.state for one in study.get_trials()} <= {
            TrialState.COMPLETE,
            TrialState.PRUNED,
            TrialState.FAIL,
        }
        points = [json.dumps(one.params, sort_keys=True) for one in trials]
        assert len(set(points)) == n_trials
        assert "RUNNING" not in {run.info.status for run in runs}
        (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
        assert parent.info.status == "FINISHED"
        (verdict,) = self.verdicts()
        assert verdict["award"] in {"champion", "refused"}
        found = results(self.outputs)
        assert found["best_trial"] == study.best_trial.number
        assert parent.data.tags["best_run_id"] == found["best_run_id"]
