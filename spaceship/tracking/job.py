"""The folder of one job: what lies where, so that a later step needs only its path."""

import json
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spaceship.errors import TrackingError
from spaceship.evaluation.report import REPORT_FILE
from spaceship.files import write_json

FAILURE_FILE = "failure.json"
_RUN_FILE = "mlflow.json"


@dataclass(frozen=True)
class Job:
    """One job of a run or multirun.

    Attributes:
        folder: Its output folder.
        in_multirun: Whether it is one of several: the best of them is fitted and gated at the end.

    """

    folder: Path
    in_multirun: bool

    @classmethod
    def current(cls) -> Self:
        """Return the job Hydra is running."""
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        config = HydraConfig.get()
        return cls(Path(config.runtime.output_dir), config.mode == RunMode.MULTIRUN)

    @property
    def model(self) -> Path:
        """The serving model, fitted on every labelled passenger."""
        return self.folder / "model"

    @property
    def twin(self) -> Path:
        """The same recipe fitted on the training part only."""
        return self.folder / "twin"

    @property
    def scored(self) -> bool:
        """Whether the job has measured a candidate."""
        return (self.folder / REPORT_FILE).is_file()

    @property
    def fitted(self) -> bool:
        """Whether the job holds a candidate that is ready for the gate."""
        return self.model.is_dir() and self.twin.is_dir()

    @property
    def run_id(self) -> str | None:
        """The MLflow run that logs this job, if there is one."""
        path = self.folder / _RUN_FILE
        return str(json.loads(path.read_text())["run_id"]) if path.is_file() else None

    def logged_run(self) -> str:
        """Return the MLflow run that logs this job.

        Raises:
            TrackingError: There is none.

        """
        if (run_id := self.run_id) is None:
            message = (
                f"expected an MLflow run for the job in {self.folder}, found none; "
                "run it with the callback: hydra/callbacks=mlflow"
            )
            raise TrackingError(message)
        return run_id

    def note_run(self, run_id: str) -> None:
        """Write down which MLflow run logs this job."""
        write_json(self.folder / _RUN_FILE, {"run_id": run_id})

    def note_failure(self, error: BaseException) -> str:
        """Write down what the job failed at; return the traceback as text."""
        text = "".join(traceback.format_exception(error))
        content: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
        write_json(self.folder / FAILURE_FILE, content)
        return text
