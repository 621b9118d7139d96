"""Objectives of a job: the metrics that it returns, and that the best one is chosen by."""

from collections.abc import Sequence

from spaceship.config.spelling import nearest
from spaceship.errors import ConfigError, Slip, did_you_mean, expected
from spaceship.evaluation.metrics import metric_names
from spaceship.task.label import Problem


def check_objectives(metrics: Sequence[str], problem: Problem) -> None:
    """Raise ConfigError for a metric that is unknown, of another problem or of the hold-out.

    >>> check_objectives(["cv_accuracy"], Problem.BINARY)
    """
    known = [f"cv_{one}" for one in metric_names(problem)]
    for name in metrics:
        if (cv := f"cv_{name.removeprefix('holdout_')}") in known:
            slip = {"objective.metric": Slip(name, cv)}
            do = f"no model is selected by the hold-out; {did_you_mean(slip)}"
            raise ConfigError(expected(f"objective.metric={cv}", name, do), slip)
        if name not in known:
            slips = [Slip(name, one) for one in nearest(name, known)[:1]]
            near = dict(zip(["objective.metric"], slips, strict=False))
            hint = f"; {did_you_mean(near)}" if near else ""
            wanted = f"objective.metric to be one of {', '.join(known)}"
            raise ConfigError(expected(wanted, name, f"the task is {problem}{hint}"), near)
