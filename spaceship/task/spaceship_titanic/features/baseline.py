"""Feature set `baseline`: the columns of the Kedro predecessor of this project."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from spaceship.task.feature_set import FeatureSet, State
from spaceship.task.spaceship_titanic.columns import PASSENGER, SPENDS
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._parts import count, look_up, split_cabin, surname

AGE_EDGES = (0, 12, 18, 25, 50, np.inf)  # years, upper edge included
AGE_BANDS = ("Child", "Teenager", "PreAdult", "Adult", "Elder")
REGION_EDGES = (0, 300, 600, 900, 1200, 1500, 1800, np.inf)  # cabin numbers, lower edge included
REGIONS = tuple("ABCDEFG")
MERGED = {  # the rare or alike categories that become `Other`
    "Deck": ("A", "D", "F", "T"),
    "CabinRegion": ("F", "G"),
    "Destination": ("PSO J318.5-22",),
}


class BaselineFeatures(FeatureSet):
    """The predecessor's columns, with counts of the training rows instead of the batch.

    Passengers are counted per cabin number (whatever the deck and side), per deck and per surname.
    Missing stays missing; the predecessor made one family and the last region of it.

    >>> BaselineFeatures().fit_transform(people.train).columns.tolist()[-2:]
    ['FamilySize', 'GroupSize']
    """

    columns = PASSENGER

    def _learn(self, frame: pd.DataFrame, y: Any) -> State:
        del y
        cabin = split_cabin(frame["Cabin"])
        return {
            "numbers": count(_text(cabin["CabinNumber"])),
            "decks": count(cabin["Deck"]),
            "families": count(surname(frame["Name"])),
        }

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        cabin = split_cabin(frame["Cabin"])
        columns = {name: frame[name] for name in ("HomePlanet", "CryoSleep", "Destination")}
        columns |= {name: frame[name] for name in SPENDS} | cabin
        columns["CabinRegion"] = _band(cabin["CabinNumber"], REGION_EDGES, REGIONS, right=False)
        columns["AgeBand"] = _band(frame["Age"], AGE_EDGES, AGE_BANDS, right=True)
        for name, rare in MERGED.items():
            columns[name] = columns[name].mask(columns[name].isin(rare), "Other")
        return columns | {
            "PeopleInCabinNumber": look_up(_text(cabin["CabinNumber"]), state["numbers"]),
            "PeopleInDeck": look_up(cabin["Deck"], state["decks"]),
            "FamilySize": look_up(surname(frame["Name"]), state["families"]),
            "GroupSize": TravelGroups.read(frame["PassengerId"]).size(),
        }


def _band(
    values: pd.Series, edges: tuple[float, ...], labels: tuple[str, ...], *, right: bool
) -> pd.Series:
    """Return the band of each number; missing for a number that is missing or out of range."""
    return pd.cut(values, edges, right=right, labels=labels, include_lowest=True).astype("str")


def _text(numbers: pd.Series) -> pd.Series:
    return numbers.astype("Int64").astype("str")
