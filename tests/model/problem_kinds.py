"""Rows, recipes and pipelines of every kind of problem."""

from functools import cache
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf
from sklearn.pipeline import Pipeline

from spaceship.config.build import resolved
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.model.recipe import Recipe
from spaceship.task.arrays import Target
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.tasks import fields, harvest

SIZE = 360
OTHERS = [Problem.MULTICLASS, Problem.REGRESSION]
FAST = {"n_estimators": 30, "iterations": 30, "max_iter": 200}
SILENT: dict[str, Any] = {"allow_writing_files": False, "logging_level": "Silent"}
TREES: dict[str, Any] = {"n_estimators": 20, "num_leaves": 4, "verbose": -1, "n_jobs": 1}
CAT: dict[str, Any] = {"iterations": 30, "learning_rate": 0.4, "thread_count": 1, **SILENT}
RAW = {"_target_": "spaceship.features.raw.RawFeatures", "task": "${task}"}
Rows = tuple[Task, pd.DataFrame, Target]


@cache
def rows(problem: Problem) -> Rows:
    """Return a task, its typed rows and what an estimator learns of them."""
    task = fields(problem)
    frame = harvest(task, SIZE)
    return task, frame, task.target(frame)


def recipe(name: str, problem: Problem, **changes: Any) -> Recipe:
    """Return the recipe of a model YAML as the task's whole config makes it."""
    register_resolvers()
    node = OmegaConf.load(configs() / "model" / f"{name}.yaml")
    whole = {"task": rows(problem)[0].to_plain(), "seed": 42, "threads": 1}
    config = OmegaConf.create({**whole, "model": node, "features": RAW})
    assert isinstance(config, DictConfig)
    plain = resolved(config)
    own = plain["model"]
    own["estimator"] |= {key: value for key, value in FAST.items() if key in own["estimator"]}
    return Recipe.single({**own, **changes}, plain["features"])


def pipeline(estimator: Any, task: Task) -> Pipeline:
    return build_pipeline(RawFeatures(task.to_plain()), Encoding.NATIVE, estimator)
