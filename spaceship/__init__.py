"""Spaceship: an experiment framework for tables whose figures can be trusted, from Python.

import spaceship

project = spaceship.Project("churn", data="my_folder")
project.train({"model": "catboost"})
project.champion().predict_proba(new_rows)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spaceship import errors
    from spaceship.api.command_result import CommandResult
    from spaceship.api.loaded_model import LoadedModel
    from spaceship.api.project import Project

__all__ = ["CommandResult", "LoadedModel", "Project", "__version__", "errors"]
_PLACES = {
    "CommandResult": "spaceship.api.command_result",
    "LoadedModel": "spaceship.api.loaded_model",
    "Project": "spaceship.api.project",
}


def __getattr__(name: str) -> object:
    """Return a public name, imported when it is first used: pandas and others take a second."""
    from importlib import import_module
    from importlib.metadata import version

    if name == "__version__":  # as pyproject.toml declares it
        return version("spaceship")
    if name == "errors":
        return import_module("spaceship.errors")
    if name not in _PLACES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
