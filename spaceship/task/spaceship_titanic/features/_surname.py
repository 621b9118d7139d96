"""Surnames: the last word of a name."""

import pandas as pd


def surname(names: pd.Series) -> pd.Series:
    """Return the last word of each name; missing for a missing or blank name."""
    last = names.str.strip().str.replace(r"^.*\s", "", regex=True)
    return last.mask(last == "").astype("str")
