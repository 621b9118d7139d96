"""Cabins, written as `deck/number/side`."""

import pandas as pd


def split_cabin(cabin: pd.Series) -> dict[str, pd.Series]:
    """Return `Deck` (str), `CabinNumber` (float64) and `Side` (str) of cabins, missing kept."""
    parts = cabin.str.split("/", n=2, expand=True).reindex(columns=range(3))
    return {
        "Deck": parts[0].astype("str"),
        "CabinNumber": pd.to_numeric(parts[1], errors="coerce").astype("float64"),
        "Side": parts[2].astype("str"),
    }
