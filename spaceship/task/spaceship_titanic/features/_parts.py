"""Parts of raw texts: deck, number and side of a cabin, the surname of a name."""

import pandas as pd

from spaceship.task.spaceship_titanic.columns import COLUMNS, ID

KEPT = [name for name in COLUMNS if name not in {ID, "Cabin", "Name"}]


def raw_columns(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns of a typed frame that are features as they are, and the cabin's parts."""
    return {name: frame[name] for name in KEPT} | split_cabin(frame["Cabin"])


def split_cabin(cabin: pd.Series) -> dict[str, pd.Series]:
    """Return `Deck` (str), `CabinNumber` (float64) and `Side` (str) of `deck/number/side`."""
    parts = cabin.str.split("/", n=2, expand=True).reindex(columns=range(3))
    return {
        "Deck": parts[0].astype("str"),
        "CabinNumber": pd.to_numeric(parts[1], errors="coerce").astype("float64"),
        "Side": parts[2].astype("str"),
    }


def surname(names: pd.Series) -> pd.Series:
    """Return the last word of each name; missing for a missing or blank name."""
    last = names.str.strip().str.replace(r"^.*\s", "", regex=True)
    return last.mask(last == "").astype("str")
