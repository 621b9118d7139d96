"""OmegaConf resolvers of the configs, such as `${abspath:PATH}` and `${kind:CLASSES,NUMBERS}`."""

import os
from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.process import WORKERS_VARIABLE, usable_cores
from spaceship._upstream import keep_parsed
from spaceship.config.installation import checkout
from spaceship.config.secrets import read_variable
from spaceship.config.unused import register_unused

_SKLEARN = dict.fromkeys(("breast_cancer", "wine", "diabetes"), "sklearn")
_FIRST = {
    "data": {"spaceship_titanic": "synthetic", **_SKLEARN},
    "features": {"spaceship_titanic": "full"},
    "catboost": {"spaceship_titanic": "catboost"},
    "lgbm": {"spaceship_titanic": "lgbm"},
    "tuned": {"spaceship_titanic": "lgbm,catboost,hist_gradient_boosting,logistic_regression"},
}
"""Choices that the built-in tasks start with, by group."""
_OTHERWISE = {
    "data": "local",
    "features": "table",
    "catboost": "catboost_table",
    "lgbm": "lgbm_table",
    "tuned": "lgbm_table,catboost_table,hist_gradient_boosting,logistic_regression",
}


def register_resolvers() -> None:
    """Register the resolvers with OmegaConf, and the choice `unused` with Hydra.

    `project_root` is the checkout or, for an installed package, the working directory of now.
    `cores` is this process's share of the CPU cores: the workers of a sweep divide them.
    `oc.env` is OmegaConf's, and hides the value that it returns.
    `kind` returns its first argument where the task's label is a class, its second where it is a
    number, and its third, if there is one, where it is one of several classes.
    `of_task` returns what a task starts with: the data source, the features, the settings of
    CatBoost and of LightGBM, or the models that are tuned.

    >>> register_resolvers()
    >>> OmegaConf.create({"path": "${abspath:/data/../data}"}).path
    '/data/../data'
    """
    root = str(checkout() or Path.cwd())
    resolvers: dict[str, Callable[..., object]] = {
        "project_root": lambda: root,
        "abspath": lambda path: str(Path(path).expanduser().absolute()),
        "cores": lambda: max(1, usable_cores() // int(os.environ.get(WORKERS_VARIABLE, "1"))),
        "oc.env": read_variable,
        "kind": _kind,
        "of_task": lambda group, task: _FIRST[group].get(task, _OTHERWISE[group]),
    }
    for name, resolver in resolvers.items():
        OmegaConf.register_new_resolver(name, resolver, replace=True)
    keep_parsed()
    register_unused()


def _kind(classes: str, numbers: str, several: str | None = None, *, _root_: DictConfig) -> str:
    known = {"regression": numbers, "multiclass": several or classes}
    return known.get(OmegaConf.select(_root_, "task.problem"), classes)
