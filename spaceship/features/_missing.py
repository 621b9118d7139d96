"""Flags of missing values that have to do with the label."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

_LEAST_SHARE = 0.01  # of rows with a value, and of rows without
_STRENGTH = 15.0  # squared correlation times rows: by chance exceeded once in 10,000 columns


def flagged(columns: Mapping[str, pd.Series], labels: npt.NDArray[np.float64] | None) -> list[str]:
    """Return the names of columns whose gaps go with the labels `(n_rows, n_columns)`.

    Of columns with the same gaps, the first.

    >>> paid = pd.Series([None, 7.0] * 20)
    >>> flagged({"paid": paid, "due": paid + 1}, paid.isna().to_numpy(float).reshape(-1, 1))
    ['paid']
    """
    if labels is None or not len(labels):
        return []
    ranks = pd.DataFrame(labels).rank().to_numpy()  # an outlier of a number weighs no more
    ranks = ranks - ranks.mean(axis=0)
    found: dict[bytes, str] = {}
    for name, column in columns.items():
        gaps = column.isna().to_numpy()
        if _LEAST_SHARE <= gaps.mean() <= 1 - _LEAST_SHARE and _goes_with(gaps, ranks):
            found.setdefault(gaps.tobytes(), name)
    return [*found.values()]


def _goes_with(gaps: npt.NDArray[np.bool_], ranks: npt.NDArray[np.float64]) -> bool:
    marks = gaps - gaps.mean()
    scale = np.square(marks).sum() * np.square(ranks).sum(axis=0)
    shared = np.square(marks @ ranks)
    return bool((shared * len(marks) > _STRENGTH * scale).any())
