"""Feature set `baseline`: the columns of the Kedro predecessor of this project."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats
from spaceship.task.calls import numbers_of_calls
from spaceship.task.feature_set import FeatureSet, State
from spaceship.task.spaceship_titanic.columns import ID, PASSENGER, SPENDS
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._parts import split_cabin, surname
from spaceship.task.texts import Texts, as_arrow
from spaceship.task.typed_rows import values_of

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
        cabin = split_cabin(as_arrow(frame["Cabin"]))
        return {
            "numbers": _text(cabin["CabinNumber"]).counts(),
            "decks": cabin["Deck"].counts(),
            "families": surname(as_arrow(frame["Name"])).counts(),
        }

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        cabin = split_cabin(as_arrow(frame["Cabin"]))
        groups = TravelGroups.read(as_arrow(frame[ID]), numbers_of_calls(frame.index))
        names = ("HomePlanet", "CryoSleep", "Destination", *SPENDS)
        columns: dict[str, Any] = {name: values_of(frame[name]) for name in names} | cabin
        number, age = cabin["CabinNumber"], frame["Age"].to_numpy()
        columns["CabinRegion"] = _band(number, REGION_EDGES, REGIONS, right=False)
        columns["AgeBand"] = _band(age, AGE_EDGES, AGE_BANDS, right=True)
        for name, rare in MERGED.items():
            columns[name] = columns[name].renamed(lambda x, r=rare: "Other" if x in r else x)
        return columns | {
            "PeopleInCabinNumber": _text(number).mapped(state["numbers"]),
            "PeopleInDeck": cabin["Deck"].mapped(state["decks"]),
            "FamilySize": surname(as_arrow(frame["Name"])).mapped(state["families"]),
            "GroupSize": groups.size(),
        }


def _band(
    values: Floats, edges: tuple[float, ...], labels: tuple[str, ...], *, right: bool
) -> Texts:
    """Return the band of each number; missing for a number that is missing or out of range."""
    bands = pd.cut(values, edges, right=right, labels=labels, include_lowest=True)
    return Texts(bands.codes, list(labels))


def _text(numbers: Floats) -> Texts:
    codes, found = pd.factorize(numbers)
    return Texts.named(codes, [f"{number + 0.0:.0f}" for number in found])
