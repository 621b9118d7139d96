"""Travel groups: passengers whose ids start with the same number."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import DataError, expected
from spaceship.task.arrays import Floats, Ints, Positions
from spaceship.task.texts import Arrow, as_numbers, codes_of, split

_FEWEST = 2  # groups to learn a column from that is out-of-fold
_SLICE = 10_000  # rows whose ids are Python's texts at a time
_NUMBER, _POSITION = r"^(?P<number>[^_]*)", r"(?s)^[^_]*_(?P<position>.*)$"


@dataclass(frozen=True)
class TravelGroups:
    """Travel groups of one frame; no result depends on the order of rows that have ids."""

    codes: Ints  # number of each row's group; a row without an id is its own group
    ids: Arrow

    @classmethod
    def read(cls, ids: Arrow, calls: Ints | None = None) -> Self:
        """Return the groups of ids of the form `gggg_pp`, those of different calls apart."""
        codes = codes_of(split(ids, _NUMBER)[0])
        alone = codes < 0
        if calls is not None:
            apart = pd.factorize(calls * np.int64(codes.max(initial=0) + 1) + codes)[0]
            codes = np.where(alone, -1, apart)
        if alone.any():
            codes = np.where(alone, codes.max(initial=-1) + np.cumsum(alone), codes)
        return cls(codes, ids)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.codes.max(initial=-1)) + 1

    def size(self) -> Floats:
        """Return the size of each row's group, (n_rows,)."""
        return np.bincount(self.codes)[self.codes].astype(np.float64)

    def number(self) -> Floats:
        """Return the number of each row's group on the passenger list, NaN where it is none."""
        return as_numbers(split(self.ids, _NUMBER)[0])

    def position(self) -> Floats:
        """Return the number of each passenger within the group, NaN where it is none."""
        return as_numbers(split(self.ids, _POSITION)[0])

    def shared(self, values: Floats) -> Floats:
        """Return for each row the one number known in its group; NaN if none or several are."""
        known = ~np.isnan(values)
        low, high = np.full(self.n_groups, np.inf), np.full(self.n_groups, -np.inf)
        np.minimum.at(low, self.codes[known], values[known])
        np.maximum.at(high, self.codes[known], values[known])
        return np.where(low == high, high, np.nan)[self.codes]

    def folds(self, n_folds: int) -> npt.NDArray[np.int8]:
        """Return the fold of each row, from 0; rows of one group share a fold."""
        if (n_folds := min(n_folds, self.n_groups)) < _FEWEST:
            do = "give more data or leave out the block in features.blocks"
            raise DataError(
                expected(f"at least {_FEWEST} travel groups to learn from", n_folds, do)
            )
        first = np.unique(self.codes, return_index=True)[1]
        nameless = np.random.RandomState(0).permutation(self.n_groups)
        dealt = np.lexsort([nameless, _hashes(split(self.ids.take(first), _NUMBER)[0])])
        of_group = np.empty(self.n_groups, dtype=np.int8)
        for fold, groups in enumerate(np.array_split(dealt, n_folds)):
            of_group[groups] = fold
        return of_group[self.codes]

    def chosen(self, n_rows: int) -> Positions:
        """Return the positions of at most so many rows: those whose groups' hashes are lowest.

        They are in the order of hashes, so that sums over them have the same bits in any table.
        """
        groups = _hashes(split(self.ids, _NUMBER)[0])
        near = np.flatnonzero(groups <= np.sort(groups)[:n_rows].max(initial=0))
        return near[np.lexsort([_hashes(self.ids.take(near)), groups[near]])[:n_rows]]


def _hashes(texts: Arrow) -> npt.NDArray[np.uint64]:
    slices = (texts.slice(at, _SLICE) for at in range(0, len(texts), _SLICE))
    parts = (one.to_numpy(zero_copy_only=False) for one in slices)
    return np.concatenate([pd.util.hash_array(one, categorize=False) for one in parts])
