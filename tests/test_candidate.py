"""A candidate's report rests on one measurement, whichever release began it."""

from dataclasses import replace
from pathlib import Path

from spaceship import candidate
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.tracking.job import Job


def test_the_best_trial_of_an_earlier_release_is_measured_anew(
    experiment: Experiment, tmp_path: Path
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
        out_of_fold=None,
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
