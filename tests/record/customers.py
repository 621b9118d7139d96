"""Runs of a small task of customers, for the records that they leave."""

from pathlib import Path

import pandas as pd
from hydra import compose, initialize_config_dir

from scripts.chaos.customers import TASK, customers
from spaceship import candidate
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.experiment import Experiment
from spaceship.record.run_record import Provenance, RunRecord
from spaceship.records import read_record
from spaceship.registry.registry import PROVENANCE_FILE
from spaceship.tracking.job import Job

__all__ = ["Customers", "customers"]


class Customers:
    """Trains on customers in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        """Write the task below the folder, which must be the current one."""
        self.folder, self.count = folder, 0
        (folder / "configs" / "task").mkdir(parents=True, exist_ok=True)
        (folder / "configs" / "task" / "customers.yaml").write_text(TASK)
        register_resolvers()

    def experiment(self, rows: pd.DataFrame, *overrides: str) -> tuple[Experiment, Job]:
        """Return the experiment on raw rows, and a folder for its job."""
        self.count += 1
        place = self.folder / f"run-{self.count}"
        place.mkdir()
        rows.to_csv(place / "train.csv", index=False)
        given = ["task=customers", "data=local", f"data.dir={place}", "model=logistic_regression"]
        given += ["split.n_folds=2", "features=table"]
        with initialize_config_dir(str(configs()), version_base="1.3"):
            cfg = compose("config", [*given, f"paths.outputs={place}/outputs", *overrides])
        return Experiment.of(cfg), Job(place, in_multirun=False)

    def __call__(self, rows: pd.DataFrame, *overrides: str, fit: bool = False) -> Provenance:
        """Score, fit if it is wanted, and return the record."""
        experiment, job = self.experiment(rows, *overrides)
        RunRecord.start(experiment, job.folder, None)
        candidate.score(experiment, job, experiment.recipe())
        if fit:
            candidate.fit(experiment, job)
        return read_record(job.folder / PROVENANCE_FILE, Provenance)

    def rows(self, number: int) -> pd.DataFrame:
        """Return the rows of a run by id, counted from 1; 0 is the latest."""
        place = self.folder / f"run-{number or self.count}"
        return pd.read_parquet(place / "rows.parquet").set_index("id")
