"""A plan of two candidates, and owners of trials that are not this process."""

import json
from typing import Any

import optuna
from optuna.distributions import FloatDistribution

from hydra_plugins.spaceship_optuna import _queue
from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._search_space import Candidate, Plan
from hydra_plugins.spaceship_optuna._study import VOID
from hydra_plugins.spaceship_optuna._worker import Worker
from spaceship.process import process_tags

PARAMETER = Parameter("x", FloatDistribution(0, 1))
PLAN = Plan((), tuple(Candidate(one, (f"model={one}",), (PARAMETER,), {"x": 0.5}) for one in "ab"))
DEAD = {**process_tags(), "spaceship.process": json.dumps([2**22 + 1, 0.0])}
ELSEWHERE = {**process_tags(), "spaceship.host": "another-machine"}


def claim(study: optuna.Study, owner: object = None, n_trials: int = 5) -> optuna.Trial:
    """Claim the next trial, as if for another owner."""
    trial = _queue.claim(study, study._storage, n_trials)
    assert trial is not None
    if owner is not None:
        trial.set_user_attr("owner", owner)
    return trial


def worker_of(study: optuna.Study) -> Worker:
    """Return a worker that has all it needs for what is not its job itself."""
    nothing: Any = None
    settings = {"n_trials": 5, "max_failure_rate": 0.5, "custom_search_space": None}
    return Worker(nothing, nothing, nothing, PLAN, settings, study.study_name, nothing)


def slots(study: optuna.Study) -> list[int]:
    """Return the slots of the trials that count."""
    kept = [one for one in study.get_trials() if VOID not in one.user_attrs]
    return sorted(trial.user_attrs["slot"] for trial in kept)
