"""Passengers that arrive era by era: made, kept as files, and read as a data source of each era."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship.data import checks as schema
from spaceship.data._base import Dataset, DataSource
from spaceship.data.digest import digest
from spaceship.data.synthetic import FEWEST_GROUPS, MOST_GROUPS, generate
from spaceship.errors import ConfigError, DataError
from spaceship.task.spaceship_titanic.columns import ID, LABEL, group_of

MOST_ERAS = 100


@dataclass(frozen=True)
class Plan:
    """How a simulation is to go.

    Attributes:
        eras: How many times a candidate is trained.
        window: How many of the latest eras it is given, or None for all.
        groups: Travel groups that arrive in an era, if they are invented.
        drift_from: Drift of the first era, if they are invented.
        drift_to: Drift of those who arrive after the last era.

    """

    eras: int
    window: int | None
    groups: int
    drift_from: float
    drift_to: float

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: One cannot be used; all of them are listed.

        """
        every = self.window is None
        rules = [
            ("eras", f"whole, 2 to {MOST_ERAS}", _is_whole(self.eras, 2, MOST_ERAS)),
            ("window", "whole, 1 or more, or null", every or _is_whole(self.window, 1, MOST_ERAS)),
            (
                "groups",
                f"whole, {FEWEST_GROUPS} to {MOST_GROUPS}",
                _is_whole(self.groups, FEWEST_GROUPS, MOST_GROUPS),
            ),
            ("drift_from", "a number, 0 to 1", _is_share(self.drift_from)),
            ("drift_to", "a number, 0 to 1", _is_share(self.drift_to)),
        ]
        faults = [
            f"simulate.{name} to be {wanted}, found {getattr(self, name)!r}"
            for name, wanted, fits in rules
            if not fits
        ]
        if faults:
            message = f"expected {'; '.join(faults)}; change it on the command line: KEY=NUMBER"
            raise ConfigError(message)

    @property
    def drifts(self) -> list[float]:
        """The drift of every era, and of the one that arrives after the last."""
        return [float(x) for x in np.linspace(self.drift_from, self.drift_to, self.eras + 1)]

    def span(self, era: int) -> tuple[int, int]:
        """Return the oldest and the newest era that the candidate of an era is given."""
        return 1 if self.window is None else max(1, era - self.window + 1), era


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

    def load(self) -> Dataset:
        """Return the passengers that have arrived, and without their fate those who come next."""
        eras = range(self.first, self.last + 1)
        train = pd.concat([self._read(era) for era in eras], ignore_index=True)
        test = self._read(self.last + 1).drop(columns=LABEL)
        schema.check_disjoint(train, test)
        return Dataset(train, test, None, digest(train, test))

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
    names = group_of(frame[ID])
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


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
