"""Passengers that arrive era by era: made, kept as files, and read as a data source of each era."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship import schema
from spaceship.data._base import DataSource, Passengers
from spaceship.data.synthetic import FEWEST_GROUPS, generate
from spaceship.errors import DataError
from spaceship.schema import ID, LABEL
from spaceship.split import travel_group


class Arrivals(DataSource):
    """What a candidate of one era may know, and, as those to predict, who arrives next.

    Args:
        folder: Holds a file of labelled passengers for every era, as `store` wrote it.
        first: The oldest era to learn from; eras count from 1.
        last: The newest one. The test passengers are those of the era after it.

    """

    name: ClassVar[str] = "simulation"

    def __init__(self, folder: str | Path, first: int, last: int) -> None:
        """Remember which eras; nothing is read yet."""
        self.folder, self.first, self.last = Path(folder), first, last

    def fingerprint(self) -> str:
        """Return the sha256 of the eras' files, of who of them is to learn from, and the schema."""
        sha = hashlib.sha256(f"schema {schema.SCHEMA_VERSION}\0{self.first}".encode())
        for era in range(self.first, self.last + 2):
            sha.update(hashlib.sha256(_path(self.folder, era).read_bytes()).digest())
        return sha.hexdigest()

    def load(self) -> Passengers:
        """Return the passengers that have arrived, and without their fate those who come next."""
        eras = range(self.first, self.last + 1)
        train = pd.concat([self._read(era) for era in eras], ignore_index=True)
        test = self._read(self.last + 1).drop(columns=LABEL)
        schema.check_disjoint(train, test)
        return Passengers(train, test, None, schema.digest(train, test))

    def newest(self) -> int:
        """Return how many passengers arrived in the newest era to learn from."""
        return len(self._read(self.last))

    def fate(self) -> pd.Series:
        """Return what became of the test passengers, in their order: True if transported."""
        return self._read(self.last + 1)[LABEL]

    def _read(self, era: int) -> pd.DataFrame:
        return pd.read_parquet(_path(self.folder, era))


def store(eras: Sequence[pd.DataFrame], folder: Path) -> None:
    """Write the labelled passengers of each era to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(eras, start=1):
        frame.to_parquet(_path(folder, number))


def invent(groups: int, seed: int, drifts: Sequence[float]) -> list[pd.DataFrame]:
    """Return synthetic passengers of as many eras as there are drifts.

    Args:
        groups: Travel groups that arrive in each era; no two eras share a group's name.
        seed: Seed of the first era; each further one has the next.
        drifts: How far population and label model have moved by each era, 0 to 1.

    Returns:
        Labelled frames, typed and checked.

    """
    eras = []
    for number, drift in enumerate(drifts):
        frame, group = generate(groups, seed + number, drift)
        names = pd.Series(group + number * groups + 1).astype("str").str.zfill(4)
        frame[ID] = (names + "_" + frame[ID].str.partition("_")[2]).astype("str")
        eras.append(schema.check(frame, source=f"synthetic era {number + 1}", labelled=True))
    return eras


def cut(frame: pd.DataFrame, eras: int) -> list[pd.DataFrame]:
    """Return labelled passengers cut into eras of as many travel groups each, by PassengerId.

    Raises:
        DataError: There are too few groups for so many eras.

    """
    names = travel_group(frame[ID])
    order = sorted(names.unique(), key=lambda name: (len(name), name))
    if len(order) < FEWEST_GROUPS * eras:
        msg = (
            f"expected at least {FEWEST_GROUPS * eras} labelled travel groups to cut into {eras} "
            f"eras, found {len(order)}; give more data or lower simulate.eras"
        )
        raise DataError(msg)
    parts = np.array_split(np.array(order, dtype=object), eras)
    return [frame.loc[names.isin(list(part))].reset_index(drop=True) for part in parts]


def _path(folder: Path, era: int) -> Path:
    return folder / f"era-{era}.parquet"
