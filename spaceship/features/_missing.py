"""Flags of missing values that have to do with the label."""

from collections.abc import Mapping

import pandas as pd

from spaceship.features._association import centred_ranks, goes_with
from spaceship.task.arrays import Floats

_LEAST_SHARE = 0.01  # of rows with a value, and of rows without


def flagged(columns: Mapping[str, pd.Series], labels: Floats | None) -> list[str]:
    """Return the names of columns whose gaps go with the labels `(n_rows, n_columns)`.

    Of columns with the same gaps, the first.

    >>> paid = pd.Series([None, 7.0] * 20)
    >>> flagged({"paid": paid, "due": paid + 1}, paid.isna().to_numpy(float).reshape(-1, 1))
    ['paid']
    """
    if labels is None or not len(labels):
        return []
    ranks = centred_ranks(labels)
    found: dict[bytes, str] = {}
    for name, column in columns.items():
        gaps = column.isna().to_numpy()
        if _LEAST_SHARE <= gaps.mean() <= 1 - _LEAST_SHARE and goes_with(gaps, ranks):
            found.setdefault(gaps.tobytes(), name)
    return [*found.values()]
