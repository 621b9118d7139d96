"""Arrivals of a simulation: the rows of each era, stored as files and read as a data source."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship.data._base import DataSource, Table, Tables
from spaceship.data.checks import check
from spaceship.data.synthetic import FEWEST_GROUPS
from spaceship.errors import DataError, expected
from spaceship.split.time import time_order
from spaceship.task.spaceship_titanic.generator.passengers import generate
from spaceship.task.task import Task


class Arrivals(DataSource):
    """Labelled rows of eras `first` to `last` to learn from, of the next era to predict.

    >>> write_eras(generate_eras(task, groups=20, seed=1, drifts=[0.0, 1.0]), tmp_path)
    >>> arrivals = Arrivals(tmp_path, first=1, last=1)
    >>> len(arrivals.next_rows()) == len(arrivals.read(task).test.frame)
    True
    """

    name: ClassVar[str] = "simulation"

    def __init__(self, folder: str | Path, first: int, last: int) -> None:
        self.folder, self.first, self.last = Path(folder), first, last

    def fingerprint(self, task: Task) -> str:
        """Return the sha256 of the eras' files and of the oldest era to learn from."""
        del task
        sha = hashlib.sha256(str(self.first).encode())
        for era in range(self.first, self.last + 2):
            sha.update(hashlib.sha256(_file(self.folder, era).read_bytes()).digest())
        return sha.hexdigest()

    def read(self, task: Task) -> Tables:
        """Return the rows of past eras, and those of the next one without their label."""
        past = [self._read(era) for era in range(self.first, self.last + 1)]
        train = Table(pd.concat(past, ignore_index=True), f"eras {self.first} to {self.last}")
        test = self.next_rows().drop(columns=task.label)
        return Tables(train, Table(test, f"era {self.last + 1}"))

    def count_newest(self) -> int:
        """Return the number of rows that arrived in the newest era to learn from."""
        return len(self._read(self.last))

    def next_rows(self) -> pd.DataFrame:
        """Return the labelled rows of the next era, in the order of the test rows."""
        return self._read(self.last + 1)

    def _read(self, era: int) -> pd.DataFrame:
        return pd.read_parquet(_file(self.folder, era))


def write_eras(eras: Sequence[pd.DataFrame], folder: Path) -> None:
    """Write the labelled rows of each era to a file of its own.

    >>> write_eras(generate_eras(task, groups=20, seed=1, drifts=[0.0]), tmp_path)
    >>> [path.name for path in tmp_path.iterdir()]
    ['era-1.parquet']
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(eras, start=1):
        frame.to_parquet(_file(folder, number))


def generate_eras(
    task: Task, groups: int, seed: int, drifts: Sequence[float]
) -> list[pd.DataFrame]:
    """Return labelled rows of the built-in task's generator, of one era per drift, checked.

    No two eras share a group; the seed of an era is that of the one before plus 1.

    >>> eras = generate_eras(task, groups=20, seed=1, drifts=[0.0, 1.0])
    >>> [task.names(era).iloc[0] for era in eras]
    ['0001_01', '0021_01']
    """
    eras = []
    for past, drift in enumerate(drifts):
        frame, _ = generate(groups, seed + past, drift, first_group=1 + past * groups)
        eras.append(check(Table(frame, f"synthetic era {past + 1}"), task, labelled=True))
    return eras


def cut_into_eras(frame: pd.DataFrame, task: Task, eras: int) -> list[pd.DataFrame]:
    """Return labelled rows cut into eras of equally many groups, in the order of their names.

    Where the task has a time, groups are in its order. Raise DataError if there are too few groups
    for so many eras.

    >>> len(cut_into_eras(people.train, task, eras=2))
    2
    """
    names = task.group_names(frame)
    if task.time is None:
        order = sorted(set(names), key=lambda name: (len(name), name))
    else:
        latest = time_order(frame, task).groupby(names).first()
        order = latest.sort_values(kind="stable").index.tolist()
    if len(order) < (wanted := FEWEST_GROUPS * eras):
        what = f"{wanted} labelled {task.groups} for {eras} eras"
        raise DataError(expected(what, len(order), "give more data or lower simulate.eras"))
    parts = np.array_split(np.array(order, dtype=object), eras)
    return [frame.loc[names.isin(list(part))].reset_index(drop=True) for part in parts]


def _file(folder: Path, era: int) -> Path:
    return folder / f"era-{era}.parquet"
