"""Judged jobs of every kind of problem, made in this process, and their experiments."""

import json
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir

from spaceship import candidate
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.experiment import Experiment
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import log_report
from spaceship.tracking.store import FOLDER_TAG, Store

PEOPLE = ["features=raw", "gate.floor.minimum=0.5"]
KINDS = {
    "binary": PEOPLE,
    "multiclass": ["task=wine"],
    "regression": ["task=diabetes"],
    "blend": [*PEOPLE, "model=blend", "~model@model.members.catboost"],
}


def experiment_of(store: Store, *overrides: str) -> Experiment:
    """Return the experiment of a command with this store."""
    register_resolvers()
    places = [f"paths.outputs={Path(str(store.artifacts)).parent}", f"tracking.uri={store.uri}"]
    quick = ["data.n_groups=300"] if not any(one.startswith("task=") for one in overrides) else []
    quick += ["model=logistic_regression", "split.n_folds=2"]
    with initialize_config_dir(str(configs()), version_base="1.3"):
        return Experiment.of(compose("config", [*places, *quick, *overrides]))


def scored(store: Store, folder: Path, *overrides: str) -> tuple[Experiment, Job]:
    """Return an experiment and its job, scored and logged."""
    experiment = experiment_of(store, *overrides)
    job = Job(folder, in_multirun=False)
    job.folder.mkdir(parents=True)
    task, source = experiment.task.name, experiment.source.name
    tags = {"command": "make it", "mode": "train", "task": task, "data_source": source}
    tags[FOLDER_TAG] = str(folder)
    job.note_run(store.start_run(f"{source} job", tags))
    candidate.score(experiment, job, experiment.recipe())
    log_report(store, job)
    return experiment, job


def judged(store: Store, folder: Path, *overrides: str) -> tuple[Experiment, Job]:
    """Return an experiment and its job, which the gate has judged."""
    experiment, job = scored(store, folder, *overrides)
    candidate.fit(experiment, job)
    candidate.judge(experiment, job)
    store.end_run(job.logged_run(), "FINISHED")
    return experiment, job


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())
