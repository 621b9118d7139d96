"""Runs of a small task of customers in one MLflow store, as `mode=train` leaves them."""

from collections.abc import Sequence
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import mlflow
import pandas as pd

from spaceship import candidate
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.experiment import Experiment
from spaceship.mode.compare import CompareResult, compare
from spaceship.record.run_record import RunRecord
from spaceship.tracking.job_run import job_run, log_report
from tests.record.customers import Customers, customers


class Runs:
    """Trains on customers and compares two of the runs."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below the folder, which has a database."""
        self.folder, self.make = folder, Customers(folder)
        self.outputs, self.data = folder / "outputs", folder / "data"
        self.folders: dict[str, Path] = {}  # of jobs, by run
        self.experiment: Experiment | None = None

    def train(self, *overrides: str, rows: pd.DataFrame | None = None, judge: bool = True) -> str:
        """Score a recipe, fit and judge it if it is wanted; return the id of the run."""
        with chdir(self.folder):  # as a command would run
            return self._train(customers() if rows is None else rows, overrides, judge=judge)

    def _train(self, data: pd.DataFrame, overrides: Sequence[str], *, judge: bool) -> str:
        self.data.mkdir(exist_ok=True)
        data.to_csv(self.data / "train.csv", index=False)
        places = f"paths.outputs={self.outputs}", f"data.dir={self.data}"
        made, job = self.make.experiment(data, *places, *overrides)
        if self.experiment is None:
            self.experiment = made
        mlflow.set_tracking_uri(made.store.uri)  # each test leaves it as it was
        tags = {"task": made.task.name, "mode": "train", "git_sha": "f00"}
        with job_run(job, made.store, f"run {job.folder.name}", tags):
            RunRecord.start(made, job.folder, job.run_id)
            candidate.score(made, job, made.recipe())
            if judge:
                candidate.fit(made, job)
            log_report(made.store, job)
            if judge:
                candidate.judge(made, job)
        self.folders[job.logged_run()] = job.folder
        return job.logged_run()

    def out_of_fold(self, run_id: str) -> pd.DataFrame:
        """Return a run's predictions out of fold by id."""
        return pd.read_parquet(self.folders[run_id] / OUT_OF_FOLD_FILE)

    def compare(self, *runs: str, output: Path | None = None) -> CompareResult:
        """Return what `mode=compare` finds."""
        with chdir(self.folder):
            return compare(self.asking([*runs], output))

    def asking(self, runs: Sequence[str] | str | None, output: Path | None = None) -> Experiment:
        """Return the experiment of `mode=compare runs=…`."""
        assert self.experiment is not None
        settings = self.experiment.settings
        given = {"runs": runs, "output": None if output is None else str(output)}
        own = settings.compare.model_copy(update=given)
        return replace(self.experiment, settings=settings.model_copy(update={"compare": own}))
