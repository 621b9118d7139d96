"""`mode=train`: a candidate is scored, fitted twice and compared with the champion."""

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import candidate
from spaceship.experiment import Experiment

Objective = float | list[float]


def train(experiment: Experiment) -> Objective:
    """Return the candidate's objective; a job of a multirun is scored only, any other is fitted.

    The callback gates what was fitted at the end of the job, and the best job of a multirun.
    """
    if not in_trial():  # a sweep has checked this once for all its trials
        experiment.check()
        candidate.check_holdout(experiment)
    job, recipe = experiment.job, experiment.recipe()
    if not in_trial():
        candidate.introduce(experiment, recipe)
    report = candidate.score(experiment, job, recipe)
    if not job.in_multirun:
        candidate.fit(experiment, job)
    values = [report.metrics[metric] for metric in experiment.objectives]
    return values[0] if len(values) == 1 else values
