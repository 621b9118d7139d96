"""The passengers of one frame as the blocks of `full` see them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._cabin import split_cabin
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._surname import surname

KEPT = ("HomePlanet", "CryoSleep", "Destination", "Age", "VIP", *SPENDS)


@dataclass(frozen=True)
class PassengerTable:
    """Surnames, travel groups and the columns so far, one row a passenger."""

    surname: pd.Series
    groups: TravelGroups
    columns: Mapping[str, Any]

    @classmethod
    def read(cls, frame: pd.DataFrame) -> Self:
        """Read a typed frame; `columns` start as those of the feature set `raw`."""
        kept = {name: frame[name] for name in KEPT}
        kept |= {name: kept[name].astype("float64") for name in ("CryoSleep", "VIP")}
        groups = TravelGroups.read(frame["PassengerId"])
        return cls(surname(frame["Name"]), groups, kept | split_cabin(frame["Cabin"]))

    def rows(self, positions: np.ndarray) -> Self:
        """Give some of the passengers, by position."""
        columns = {name: _taken(values, positions) for name, values in self.columns.items()}
        groups = self.groups.rows(positions)
        return replace(self, surname=self.surname.iloc[positions], groups=groups, columns=columns)

    def with_columns(self, columns: Mapping[str, Any]) -> Self:
        """Give the same passengers with columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})


def _taken(values: Any, positions: np.ndarray) -> Any:
    return values.iloc[positions] if isinstance(values, pd.Series) else values[positions]
