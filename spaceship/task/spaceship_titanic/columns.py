"""Columns of a passenger: their names, their types, and the words that messages use for rows."""

import pandas as pd

ID = "PassengerId"
LABEL = "Transported"
SPENDS = ("RoomService", "FoodCourt", "ShoppingMall", "Spa", "VRDeck")
_FACTS = ("HomePlanet", "CryoSleep", "Cabin", "Destination", "Age", "VIP")
COLUMNS = (ID, *_FACTS, *SPENDS, "Name")
NUMBERS = ("Age", *SPENDS)
BOOLEANS = ("CryoSleep", "VIP")

NOUN = "passenger"  # a row, in messages
GROUPS = "travel groups"  # rows that no split tears apart, in messages
WHOLE_GROUPS = "fellow travellers share cabin and fate, so scores would flatter"  # why none does
COMPETITION = "spaceship-titanic"  # the name of Kaggle's competition that the rows come from


def group_of(ids: pd.Series) -> pd.Series:
    """Return the travel group of each id, the text before `_`; the index is kept.

    >>> group_of(pd.Series(["0013_01", "0013_02"])).tolist()
    ['0013', '0013']
    """
    return ids.str.replace("_.*", "", regex=True)
