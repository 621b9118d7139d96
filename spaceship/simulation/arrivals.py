"""Arrivals of a simulation: passengers of each era, stored as files and read as a data source."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship.data import checks as schema
from spaceship.data._base import Dataset, DataSource
from spaceship.data.digest import digest
from spaceship.data.synthetic import FEWEST_GROUPS
from spaceship.errors import DataError, expected
from spaceship.task.spaceship_titanic.columns import ID, LABEL, group_of
from spaceship.task.spaceship_titanic.generator.passengers import generate


class Arrivals(DataSource):
    """Labelled passengers of eras `first` to `last` to learn from, of the next era to predict.

    >>> write_eras(generate_eras(groups=20, seed=1, drifts=[0.0, 1.0]), tmp_path)
    >>> arrivals = Arrivals(tmp_path, first=1, last=1)
    >>> len(arrivals.next_labels()) == len(arrivals.load().test)
    True
    """

    name: ClassVar[str] = "simulation"

    def __init__(self, folder: str | Path, first: int, last: int) -> None:
        """Keep the folder that `write_eras` wrote to; eras count from 1."""
        self.folder, self.first, self.last = Path(folder), first, last

    def fingerprint(self) -> str:
        """Return the sha256 of the eras' files, of the oldest era to learn from and the schema."""
        sha = hashlib.sha256(f"schema {schema.SCHEMA_VERSION}\0{self.first}".encode())
        for era in range(self.first, self.last + 2):
            sha.update(hashlib.sha256(_file(self.folder, era).read_bytes()).digest())
        return sha.hexdigest()

    def load(self) -> Dataset:
        """Return the passengers of past eras, and those of the next one without their label."""
        past = [self._read(era) for era in range(self.first, self.last + 1)]
        train = pd.concat(past, ignore_index=True)
        test = self._read(self.last + 1).drop(columns=LABEL)
        schema.check_disjoint(train, test)
        return Dataset(train, test, None, digest(train, test))

    def count_newest(self) -> int:
        """Return how many passengers arrived in the newest era to learn from."""
        return len(self._read(self.last))

    def next_labels(self) -> pd.Series:
        """Return the labels of the test passengers, in their order."""
        return self._read(self.last + 1)[LABEL]

    def _read(self, era: int) -> pd.DataFrame:
        return pd.read_parquet(_file(self.folder, era))


def write_eras(eras: Sequence[pd.DataFrame], folder: Path) -> None:
    """Write the labelled passengers of each era to a file of its own.

    >>> write_eras(generate_eras(groups=20, seed=1, drifts=[0.0]), tmp_path)
    >>> [path.name for path in tmp_path.iterdir()]
    ['era-1.parquet']
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(eras, start=1):
        frame.to_parquet(_file(folder, number))


def generate_eras(groups: int, seed: int, drifts: Sequence[float]) -> list[pd.DataFrame]:
    """Return labelled synthetic passengers of one era per drift, typed and checked.

    No two eras share a travel group's number; the seed of an era is that of the one before plus 1.

    >>> [era["PassengerId"].iloc[0] for era in generate_eras(groups=20, seed=1, drifts=[0.0, 1.0])]
    ['0001_01', '0021_01']
    """
    eras = []
    for past, drift in enumerate(drifts):
        frame, _ = generate(groups, seed + past, drift, first_group=1 + past * groups)
        eras.append(schema.check(frame, source=f"synthetic era {past + 1}", labelled=True))
    return eras


def cut_into_eras(frame: pd.DataFrame, eras: int) -> list[pd.DataFrame]:
    """Return labelled passengers cut into eras of equally many travel groups, by PassengerId.

    Raise DataError if there are too few groups for so many eras.

    >>> len(cut_into_eras(people.train, eras=2))
    2
    """
    names = group_of(frame[ID])
    order = sorted(set(names), key=lambda name: (len(name), name))
    if len(order) < (wanted := FEWEST_GROUPS * eras):
        what = f"{wanted} labelled travel groups for {eras} eras"
        raise DataError(expected(what, len(order), "give more data or lower simulate.eras"))
    parts = np.array_split(np.array(order, dtype=object), eras)
    return [frame.loc[names.isin(list(part))].reset_index(drop=True) for part in parts]


def _file(folder: Path, era: int) -> Path:
    return folder / f"era-{era}.parquet"
