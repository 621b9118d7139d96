"""Tasks of every kind of problem, and tables that belong to them."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from spaceship.config.installation import configs
from spaceship.task.label import Problem
from spaceship.task.raw_frame import typed, typed_label
from spaceship.task.task import Task

PROBLEMS = tuple(Problem)
ODD = ("3", 'a,"b"', "çim 🌱")
"""Classes that a careless CSV writer or reader would spoil."""


@cache
def task_of(name: str) -> Task:
    """Return the task that a YAML of the project describes."""
    return Task.read(yaml.safe_load((configs() / "task" / f"{name}.yaml").read_text()))


def built_in() -> Task:
    """Return the built-in task."""
    return task_of("spaceship_titanic")


def fields(problem: Problem, *, grouped: bool = True, **more: Any) -> Task:
    """Return the task of a field's harvest: what grows, whether it pays, or how much it yields."""
    own: dict[Problem, dict[str, Any]] = {
        Problem.BINARY: {"label": "pays", "positive": "pays off", "classes": ["costs", "pays off"]},
        Problem.MULTICLASS: {"label": "crop", "classes": ODD},
        Problem.REGRESSION: {"label": "tons"},
    }
    columns = {"soil": "category", "rain": "number", "sun": "number", "flat": "boolean"}
    groups = {"group": "farm", "group_noun": "farm"} if grouped else {}
    plan = {"name": "fields", "problem": problem, "columns": columns, "slices": ["soil"]}
    return Task.read({**plan, "id": "field", "noun": "field", **groups, **own[problem], **more})


def harvest(task: Task, size: int = 240, seed: int = 1) -> pd.DataFrame:
    """Return typed, labelled rows, three fields to a farm; rain, sun and soil decide the label."""
    rng = np.random.default_rng(seed)
    rows = np.arange(size)
    frame = pd.DataFrame(
        {
            "field": [f"f{row}" for row in rows],
            "farm": [f"farm {row // 3}" for row in rows],
            "soil": rng.choice(["clay", "sand", ""], size, p=[0.5, 0.4, 0.1]),
            "rain": np.where(rng.random(size) < 0.05, np.nan, rng.normal(size=size)),
            "sun": rng.normal(size=size),
            "flat": rng.random(size) < 0.5,
        }
    )
    tons = frame["sun"] + 2 * frame["rain"].fillna(0) + (frame["soil"] == "clay")
    tons += rng.normal(scale=0.5, size=size)
    if task.problem is Problem.REGRESSION:
        label: Any = 10 + tons
    else:
        labels = task.label_values
        ranks = (tons.rank(pct=True) * len(labels)).clip(upper=len(labels) - 1).astype(int)
        label = np.take(np.asarray(labels, dtype=object), ranks)
    frame[task.label] = label
    made = typed(frame, task.raw)
    return made.assign(**{task.label: typed_label(frame, task)})
