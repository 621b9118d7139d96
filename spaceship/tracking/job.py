"""Job folders: the paths of a job's model, twin, report and run id within its output folder."""

import json
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.errors import TrackingError, expected
from spaceship.files import write_json

FAILURE_FILE = "failure.json"
_RUN_FILE = "mlflow.json"


@dataclass(frozen=True)
class Job:
    """One job of a run or multirun.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> job.note_run("a1b2")
    >>> job.run_id, job.scored, job.fitted
    ('a1b2', False, False)
    """

    folder: Path  # of its output
    in_multirun: bool  # then the best job alone is fitted and gated, at the end

    @classmethod
    def current(cls) -> Self:
        """Return the job Hydra is running."""
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        config = HydraConfig.get()
        return cls(Path(config.runtime.output_dir), config.mode == RunMode.MULTIRUN)

    @property
    def model(self) -> Path:
        """The serving model, fitted on every labelled row."""
        return self.folder / "model"

    @property
    def twin(self) -> Path:
        """The same recipe fitted on the training part only."""
        return self.folder / "twin"

    @property
    def scored(self) -> bool:
        """Whether the folder holds a report."""
        from spaceship.evaluation.report import REPORT_FILE

        return (self.folder / REPORT_FILE).is_file()

    @property
    def fitted(self) -> bool:
        """Whether the folder holds the two models that the gate needs."""
        return self.model.is_dir() and self.twin.is_dir()

    @property
    def run_id(self) -> str | None:
        """The id of the job's MLflow run, if it has one."""
        path = self.folder / _RUN_FILE
        return str(json.loads(path.read_text())["run_id"]) if path.is_file() else None

    def logged_run(self) -> str:
        """Return the id of the job's MLflow run; raise TrackingError if it has none."""
        if (run_id := self.run_id) is None:
            do = "run it with the callback: hydra/callbacks=mlflow"
            raise TrackingError(expected(f"an MLflow run for the job in {self.folder}", "none", do))
        return run_id

    def note_run(self, run_id: str) -> None:
        """Write the id of the job's MLflow run into the folder."""
        write_json(self.folder / _RUN_FILE, {"run_id": run_id})

    def note_failure(self, error: BaseException) -> str:
        """Write the type and message of an error into the folder; return its traceback as text."""
        noted = {"type": type(error).__name__, "message": redact(str(error))}
        write_json(self.folder / FAILURE_FILE, noted)
        return redact("".join(traceback.format_exception(error)))
