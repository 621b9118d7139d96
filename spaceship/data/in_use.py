"""Data of a job, shared by the trials of a sweep: source, stored copy and the memory it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.config.build import build_kind
from spaceship.config.nodes import Nodes
from spaceship.config.settings import Data
from spaceship.data import memory
from spaceship.data._base import Dataset, DataSource
from spaceship.data.cache import load_dataset
from spaceship.data.draw import Sample
from spaceship.process.kept import Kept
from spaceship.task.task import Task

Made = TypeVar("Made")


def chosen_source(nodes: Nodes, size: float | None, kept: Kept) -> DataSource:
    """Return the source of `data=`, which draws so many rows of its table, or all if None.

    >>> chosen_source(experiment.nodes, 100, Kept()).sample
    Sample(size=100)
    """

    def made() -> DataSource:
        own = node
        if isinstance(node, Mapping):  # keys of all sources, see Settings
            own = {key: value for key, value in node.items() if key not in Data.model_fields}
        source = build_kind(own, "data", DataSource)
        if size is not None:
            source.sample = Sample(size)
        return source

    node = nodes.resolved("data")
    return kept.once("source", node, made) if in_trial() else made()


@dataclass(frozen=True)
class DataInUse:
    """The data that one job works with, and what all trials of a sweep share of it.

    Files that change while a sweep goes on are not noticed by a process that has read them.

    >>> experiment.data.stored()[0].digest == experiment.dataset.digest
    True
    """

    source: DataSource
    node: object  # that `data=` chose
    task: Task
    outputs: Path
    kept: Kept  # shared with other jobs of the process
    refuse_leaks: bool = False

    def check_memory(self) -> None:
        """Raise DataError if the tables need more memory than there is, before they are read.

        They are looked at once for all choices of a sweep: a database counts its rows.
        """
        key = self.node, self.task
        size = self.kept.once("table size", key, lambda: self.source.size(self.task))
        if size is not None:
            free = memory.available_memory() + min(memory.own_memory(), memory.BASE)
            memory.check_memory(size, self.source.less, free)

    def stored(self) -> tuple[Dataset, Path]:
        """Return the data set and its folder; raise DataError for a leak if leaks are refused."""
        refuse = self.refuse_leaks
        return load_dataset(self.source, self.task, self.outputs, refuse_leaks=refuse)

    def shared(self, kind: str, make: Callable[[], Made], *rests_on: object) -> Made:
        """Return what all trials of a process have in common; made anew outside a sweep."""
        if not in_trial():
            return make()
        key = (self.source, self.outputs, self.task.model_dump_json(), *rests_on)
        return self.kept.once(kind, key, make)
