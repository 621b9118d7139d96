"""A candidate's report rests on one measurement, whichever release began it."""

from dataclasses import replace
from pathlib import Path

import pytest

from spaceship import candidate
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.tracking.job import Job


@pytest.mark.parametrize("with_predictions", [True, False])
def test_the_best_trial_is_measured_anew_also_of_an_earlier_release(
    experiment: Experiment, tmp_path: Path, *, with_predictions: bool
) -> None:
    today = candidate.score(experiment, Job(tmp_path, in_multirun=False), experiment.recipe())
    assert today.protocol is not None
    earlier = replace(
        today,
        protocol=replace(today.protocol, dealing=None),
        metrics=dict.fromkeys(today.metrics, 0.5),
        folds=[dict.fromkeys(fold, 0.5) for fold in today.folds],
        slices=[],
        stages={},
        out_of_fold=today.out_of_fold if with_predictions else None,
    )
    job = Job(tmp_path / "trial", in_multirun=True)
    job.folder.mkdir()
    earlier.write(job.folder)
    candidate.fit(experiment, job)
    found = Report.read(job.folder)
    assert found.protocol == today.protocol
    assert found.out_of_fold == today.out_of_fold
    names = [name for name in today.metrics if name.startswith("cv_")]
    assert [found.metrics[name] for name in names] == [today.metrics[name] for name in names]
    assert [fold["log_loss"] for fold in found.folds] == [fold["log_loss"] for fold in today.folds]
