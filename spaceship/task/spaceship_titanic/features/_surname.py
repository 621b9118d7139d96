"""The surname, the last word of a name."""

import pandas as pd


def surname(names: pd.Series) -> pd.Series:
    """Give the last word of each name; a missing or blank name has none."""
    last = names.str.strip().str.replace(r"^.*\s", "", regex=True)
    return last.mask(last == "").astype("str")
