"""Travel groups: passengers whose ids start with the same number."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from spaceship.task.calls import apart_by_call


@dataclass(frozen=True)
class TravelGroups:
    """Travel groups of one frame; no result depends on the order of the rows."""

    codes: np.ndarray  # number of each row's group; a row without an id is its own group
    number: np.ndarray  # the group's number on the passenger list, NaN where it is no number
    position: np.ndarray  # the passenger's number within the group, likewise

    @classmethod
    def read(cls, ids: pd.Series) -> Self:
        """Return the groups of ids of the form `gggg_pp`."""
        parts = ids.str.split("_", n=1, expand=True).reindex(columns=range(2))
        codes = np.array(pd.factorize(apart_by_call(parts[0]))[0])
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
        number, position = (pd.to_numeric(parts[i], errors="coerce") for i in range(2))
        return cls(codes, number.to_numpy("float64"), position.to_numpy("float64"))

    def rows(self, positions: np.ndarray) -> Self:
        """Return the groups of the rows at some positions."""
        return type(self)(self.codes[positions], self.number[positions], self.position[positions])

    def size(self) -> np.ndarray:
        """Return the size of each row's group, (n_rows,)."""
        sizes: np.ndarray = np.bincount(self.codes)[self.codes]
        return sizes.astype("float64")

    def shared(self, values: pd.Series) -> pd.Series:
        """Return for each row the one value known in its group; missing if none or several."""
        codes, uniques = pd.factorize(values, sort=True)
        known, n_groups = codes >= 0, self.codes.max(initial=-1) + 1
        low, high = np.full(n_groups, len(uniques)), np.full(n_groups, -1)
        np.minimum.at(low, self.codes[known], codes[known])
        np.maximum.at(high, self.codes[known], codes[known])
        agreed = np.where(low == high, high, -1)[self.codes]
        found = pd.Series(uniques, dtype=values.dtype).reindex(agreed)
        return found.set_axis(values.index)
