"""Gives jobs that hold a candidate; the shared parts are in this folder's `candidates`."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import fit_twin, holdout_metrics
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store
from tests.registry.candidates import PROTOCOL, NewJob, Twins


@pytest.fixture(scope="module")
def twins(people: Dataset) -> Twins:
    def boosted(**options: Any) -> Pipeline:
        model = LGBMClassifier(random_state=1, n_jobs=1, verbose=-1, **options)
        return build_pipeline(RawFeatures(people.task.to_plain()), Encoding.NATIVE, model)

    stump = boosted(n_estimators=1, max_depth=1, num_leaves=2)
    weak, by_weak = fit_twin(stump, people.train, people.task, PROTOCOL)
    _, by_good = fit_twin(boosted(n_estimators=40), people.train, people.task, PROTOCOL)
    assert by_good.accuracy > 1.03 * by_weak.accuracy > 0.5
    return Twins(people.digest, by_weak, by_good, weak)


@pytest.fixture
def new_job(store: Store, tmp_path: Path, twins: Twins) -> NewJob:
    """Give a maker of jobs that hold a candidate; the folders of models hold a text instead."""
    numbers = count()

    def make(holdout: HoldOut, *, digest: str = twins.digest, run: bool = True) -> Job:
        job = Job(tmp_path / f"job-{next(numbers)}", in_multirun=False)
        for folder in (job.model, job.twin):
            folder.mkdir(parents=True)
            (folder / "MLmodel").write_text("flavors: {}\n")
        recipe: dict[str, object] = {"name": "lgbm", "estimator": {"random_state": "${seed}"}}
        metrics = holdout_metrics(holdout)
        report = Report("lgbm", "synthetic", digest, recipe, metrics, holdout=holdout)
        report = replace(report, protocol=PROTOCOL)
        report.write(job.folder)
        if run:
            job.note_run(store.start_run(job.folder.name, {}))
        return job

    return make
