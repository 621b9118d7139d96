"""Table under construction: the passengers of one frame and the columns built so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._parts import raw_columns, surname

Columns = Mapping[str, Any]
"""Columns by name, in order: Series or arrays of length n_rows."""


@dataclass(frozen=True)
class PassengerTable:
    """Surnames, travel groups and the columns so far, one row a passenger."""

    surname: pd.Series
    groups: TravelGroups
    columns: Columns

    @classmethod
    def read(cls, frame: pd.DataFrame) -> Self:
        """Return the table of a typed frame; its columns are those of `raw` at first."""
        columns = raw_columns(frame)
        columns |= {name: columns[name].astype("float64") for name in ("CryoSleep", "VIP")}
        return cls(surname(frame["Name"]), TravelGroups.read(frame["PassengerId"]), columns)

    def rows(self, positions: np.ndarray) -> Self:
        """Return the passengers at some positions."""
        columns = {
            name: values.iloc[positions] if isinstance(values, pd.Series) else values[positions]
            for name, values in self.columns.items()
        }
        groups = self.groups.rows(positions)
        return replace(self, surname=self.surname.iloc[positions], groups=groups, columns=columns)

    def with_columns(self, columns: Columns) -> Self:
        """Return the table with columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})
