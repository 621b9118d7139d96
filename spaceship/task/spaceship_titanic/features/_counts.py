"""Counts that are learnt in `fit` and looked up in `transform`."""

import pandas as pd


def count(values: pd.Series) -> dict[str, int]:
    """Count the passengers of each known value; missing values are no value of their own."""
    counts = values.value_counts().sort_index()
    return dict(zip(counts.index.astype("str").tolist(), counts.tolist(), strict=True))


def look_up(values: pd.Series, counts: dict[str, int]) -> pd.Series:
    """Give each row its value's learnt count: 0 for a value never seen, missing for missing."""
    learnt = pd.Series(counts, dtype="float64")
    found = values.map(learnt).astype("float64")
    return found.mask(found.isna() & values.notna(), 0.0)
