"""Counts that are learnt in `fit` and looked up in `transform`."""

import pandas as pd


def count(values: pd.Series) -> dict[str, int]:
    """Return the number of rows of each known value; missing values are not counted."""
    counts = values.value_counts().sort_index()
    return dict(zip(counts.index.astype("str").tolist(), counts.tolist(), strict=True))


def look_up(values: pd.Series, counts: dict[str, int]) -> pd.Series:
    """Return the learnt count of each row's value: 0 for a new value, missing for a missing one."""
    learnt = pd.Series(counts, dtype="float64")
    found = values.map(learnt).astype("float64")
    return found.mask(found.isna() & values.notna(), 0.0)
