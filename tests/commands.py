"""Shell: whole commands of the project with one outputs folder, and the state they leave there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Run

from tests import forks
from tests.forks import Done, Fork

ROOT = Path(__file__).resolve().parents[1]
QUICK = ["data.n_groups=400", "features=raw", "gate.floor.minimum=0.5", "report.of_jobs=false"]
QUICK_MODEL = "model=logistic_regression"
SUBMISSION = "submissions/spaceship_titanic-synthetic.csv"
"""The file of predictions within the outputs folder."""
Process = TypeVar("Process", Fork, subprocess.Popen[str])


class Keep(Protocol):
    """Function that keeps a process, to be ended with the test."""

    def __call__(self, process: Process, /) -> Process:
        """Return the process."""
        ...


class Shell:
    """Runs the script with one outputs folder, from a folder that is not the project's."""

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs

    @classmethod
    def new(cls, outputs: Path, database: Path) -> "Shell":
        """Return a shell with an empty outputs folder and a copy of a database."""
        outputs.mkdir()
        shutil.copy(database, outputs / "mlflow.db")
        return cls(outputs)

    def command(self, *arguments: str) -> list[str]:
        script = [sys.executable, str(ROOT / "scripts" / "run.py")]
        return [*script, *arguments, f'paths.outputs="{self.outputs}"']

    def __call__(self, *arguments: str, **environment: str) -> Done:
        return forks.run(self.command(*arguments), self.outputs.parent, 300, **environment)

    def start(self, *arguments: str) -> Fork:
        return Fork(self.command(*arguments), self.outputs.parent, start_new_session=True)

    @property
    def client(self) -> MlflowClient:
        uri = f"sqlite:///{self.outputs}/mlflow.db"
        return MlflowClient(uri, uri)

    def runs(self) -> list[Run]:
        experiment = self.client.get_experiment_by_name("spaceship")
        assert experiment is not None
        return list(self.client.search_runs([experiment.experiment_id]))

    def champion(self) -> str | None:
        try:
            models = self.client.get_registered_model("spaceship_titanic-synthetic")
        except Exception:  # noqa: BLE001 - no model yet
            return None
        number = models.aliases.get("champion")
        return None if number is None else str(number)

    def verdicts(self) -> list[dict[str, Any]]:
        paths = sorted(self.outputs.glob("*runs/*/*/**/verdict.json"))
        return [json.loads(path.read_text()) for path in paths]
