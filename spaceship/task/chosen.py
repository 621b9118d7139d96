"""Task of a job, from the node that `task=` chose."""

from collections.abc import Mapping

from spaceship.errors import ConfigError, expected
from spaceship.task.task import Task


def read_task(name: str, node: object) -> Task:
    """Return the task of a config's node; raise ConfigError if it is none, or lists its faults.

    >>> read_task("churn", None)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a task, found None; choose one with task=NAME, or ...
    """
    if not isinstance(node, Mapping) or "overwrite" in node:
        found = "task=new, the form of mode=init" if isinstance(node, Mapping) else repr(node)
        do = "choose one with task=NAME, or write one with mode=init"
        raise ConfigError(expected("a task", found, do))
    return Task.read({"name": name, **node})
