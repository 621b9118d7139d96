"""Features as numbers, categories by code: what boosters read without a frame's cost a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats


@dataclass(frozen=True)
class Coded:
    """Features of rows, (n_rows, n_columns): a category is its place among its levels, or NaN.

    >>> town = pd.Series(["Ulm", None], dtype="category")
    >>> coded = Coded.of(pd.DataFrame({"age": [7.0, 8.0], "town": town}))
    >>> coded.values.tolist(), coded.levels
    ([[7.0, 0.0], [8.0, nan]], {'town': ['Ulm']})
    """

    values: Floats
    names: Sequence[str]
    levels: Mapping[str, Sequence[object]]  # of each category
    forms: dict[str, object] = field(default_factory=dict, repr=False)  # of libraries, made once

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Return the features of a frame of numbers and categories."""
        levels, plain = {}, frame.copy(deep=False)
        for place, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True)):
            if isinstance(dtype, pd.CategoricalDtype):
                levels[name] = dtype.categories.tolist()
                codes = frame.iloc[:, place].array.codes.astype(np.float64)
                plain.isetitem(place, np.where(codes < 0, np.nan, codes))
        return cls(plain.to_numpy(np.float64), [*frame.columns], levels)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)
