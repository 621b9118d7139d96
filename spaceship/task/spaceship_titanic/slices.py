"""Slices of the passengers, in which a model is scored and compared with the champion."""

import pandas as pd

from spaceship.task.spaceship_titanic.columns import ID
from spaceship.task.spaceship_titanic.features._group import TravelGroups

MISSING = "missing"


def slice_values(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return each passenger's planet, deck, sleep and party (solo or group) as text.

    >>> sorted(set(slice_values(people.train)["party"]))
    ['group', 'solo']
    """
    alone = pd.Series(TravelGroups.read(frame[ID]).size() == 1, frame.index)
    values = {
        "HomePlanet": frame["HomePlanet"],
        "deck": frame["Cabin"].str[:1],
        "CryoSleep": frame["CryoSleep"].map({True: "True", False: "False"}),
        "party": alone.map({True: "solo", False: "group"}),
    }
    return {name: column.astype("str").fillna(MISSING) for name, column in values.items()}
