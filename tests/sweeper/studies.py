"""A plan of two candidates, and owners of trials that are not this process."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
from hydra._internal.callbacks import Callbacks
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import FloatDistribution

from hydra_plugins.spaceship_optuna import _queue
from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._hooks import Objective
from hydra_plugins.spaceship_optuna._search_space import Arm, SearchPlan
from hydra_plugins.spaceship_optuna._settings import Settings
from hydra_plugins.spaceship_optuna._study import VOID
from hydra_plugins.spaceship_optuna._worker import Worker
from hydra_plugins.spaceship_optuna.process import process_tags

PARAMETER = Parameter("x", FloatDistribution(0, 1))
PLAN = SearchPlan((), tuple(Arm(one, (f"model={one}",), (PARAMETER,), {"x": 0.5}) for one in "ab"))
DEAD = {**process_tags(), "spaceship.process": json.dumps([2**22 + 1, 0.0])}
ELSEWHERE = {**process_tags(), "spaceship.place": "another-machine"}


def claim(study: optuna.Study, owner: object = None, n_trials: int = 5) -> optuna.Trial:
    """Claim the next trial, as if for another owner."""
    trial = _queue.claim(study, n_trials)
    assert trial is not None
    if owner is not None:
        trial.set_user_attr("owner", owner)
    return trial


def job_config(folder: Path, *, chdir: bool | None = None) -> DictConfig:
    """Return the config of a job, with as much of Hydra's node as a job reads."""
    hydra: dict[str, Any] = {
        "sweep": {"dir": str(folder), "subdir": "3"},
        "job": {"name": "job", "env_set": {}, "chdir": chdir},
        "overrides": {"task": []},
        "output_subdir": None,
        "runtime": {},
    }
    return OmegaConf.create({"hydra": hydra})


def worker_of(
    study: optuna.Study, task: TaskFunction | None = None, folder: Path | None = None
) -> Worker:
    """Return a worker whose candidates all have the same config."""
    config = job_config(folder or Path())
    loader: Any = SimpleNamespace(load_sweep_config=lambda *_: config)
    context = HydraContext(loader, Callbacks())
    settings = Settings(n_trials=5, objectives=[Objective()])
    return Worker(context, task or float, config, PLAN, settings, study.study_name, "")


def slots(study: optuna.Study) -> list[int]:
    """Return the slots of the trials that count."""
    kept = [one for one in study.get_trials() if VOID not in one.user_attrs]
    return sorted(trial.user_attrs["slot"] for trial in kept)
