"""Parts of raw texts (deck, number and side of a cabin, surname of a name) and their counts."""

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


def count(values: pd.Series) -> dict[str, int]:
    """Return the number of rows of each known value; missing values are not counted."""
    counts = values.value_counts().sort_index()
    return dict(zip(counts.index.astype("str").tolist(), counts.tolist(), strict=True))


def look_up(values: pd.Series, counts: dict[str, int]) -> pd.Series:
    """Return the learnt count of each row's value: 0 for a new value, missing for a missing one."""
    found = values.map(pd.Series(counts, dtype="float64")).astype("float64")
    return found.mask(found.isna() & values.notna(), 0.0)
