"""Travel groups: passengers whose ids start with the same number."""

from typing import Self

import numpy as np
import pandas as pd


class TravelGroups:
    """The travel groups of one frame; no result depends on the order of the rows.

    Attributes:
        codes: Number of the group of each row, (n_rows,); a row without an id is its own group.
        number: The group's number on the passenger list, (n_rows,), NaN where it is no number.
        position: The passenger's number within the group, (n_rows,), NaN where it is no number.

    """

    def __init__(self, codes: np.ndarray, number: np.ndarray, position: np.ndarray) -> None:
        """Keep the three arrays."""
        self.codes = codes
        self.number = number
        self.position = position
        self._n_groups = int(codes.max(initial=-1)) + 1

    @classmethod
    def read(cls, ids: pd.Series) -> Self:
        """Return the groups of ids of the form `gggg_pp`."""
        parts = ids.str.split("_", n=1, expand=True).reindex(columns=range(2))
        codes = np.array(pd.factorize(parts[0])[0])
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
        number, position = (pd.to_numeric(parts[i], errors="coerce") for i in range(2))
        return cls(codes, number.to_numpy("float64"), position.to_numpy("float64"))

    def rows(self, positions: np.ndarray) -> Self:
        """Return the groups of the rows at some positions."""
        return type(self)(self.codes[positions], self.number[positions], self.position[positions])

    def size(self) -> np.ndarray:
        """Return the size of each row's group, (n_rows,)."""
        return self.tally(np.ones(len(self.codes), dtype=bool))

    def tally(self, is_so: np.ndarray) -> np.ndarray:
        """Return for each row how many rows of its group have a flag, (n_rows,)."""
        members = self.codes[is_so]
        counts: np.ndarray = np.bincount(members, minlength=self._n_groups)[self.codes]
        return counts.astype("float64")

    def shared(self, values: pd.Series) -> pd.Series:
        """Return for each row the one value known in its group; missing if none or several."""
        codes, uniques = pd.factorize(values, sort=True)
        known = codes >= 0
        low = np.full(self._n_groups, len(uniques))
        high = np.full(self._n_groups, -1)
        np.minimum.at(low, self.codes[known], codes[known])
        np.maximum.at(high, self.codes[known], codes[known])
        agreed = np.where(low == high, high, -1)[self.codes]
        found = pd.Series(uniques, dtype=values.dtype).reindex(agreed)
        return found.set_axis(values.index)
