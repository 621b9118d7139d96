"""Blocks of `full` that fill gaps of the raw columns, from what cannot be otherwise."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._block import Block
from spaceship.task.spaceship_titanic.features._table import PassengerTable

LAST_CHILD_AGE = 12  # years: nobody this young ever spends


class FillFromGroup(Block):
    """Fill planet, deck, number and side with what the known group-mates agree on."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give the four columns with fewer gaps."""
        del state
        names = ("HomePlanet", "Deck", "CabinNumber", "Side")
        known = {name: passengers.columns[name] for name in names}
        return {name: known[name].fillna(passengers.groups.shared(known[name])) for name in names}


class FillPlanet(Block):
    """Fill the planet of who lives on a deck, or bears a surname, of one planet only."""

    def learn(self, passengers: PassengerTable) -> State:
        """Learn the planet of each deck and surname that has a single one."""
        planet = passengers.columns["HomePlanet"]
        return {
            "deck": _certain(passengers.columns["Deck"], planet),
            "surname": _certain(passengers.surname, planet),
        }

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `HomePlanet` with fewer gaps."""
        planet = passengers.columns["HomePlanet"]
        for keys, learnt in (
            (passengers.columns["Deck"], state["deck"]),
            (passengers.surname, state["surname"]),
        ):
            planet = planet.fillna(keys.map(pd.Series(learnt, dtype="str")).astype("str"))
        return {"HomePlanet": planet}


class CryoLogic(Block):
    """Use that sleepers and children never spend, both ways round."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `CryoSleep`, false for who spends, and spends, 0 for who cannot."""
        del state
        columns = passengers.columns
        spends = {name: columns[name] for name in SPENDS}
        awake = pd.concat([spend > 0 for spend in spends.values()], axis=1).any(axis=1)
        asleep = columns["CryoSleep"].mask(columns["CryoSleep"].isna() & awake, 0.0)
        idle = (asleep == 1) | (columns["Age"] <= LAST_CHILD_AGE)
        filled = {name: spend.mask(spend.isna() & idle, 0.0) for name, spend in spends.items()}
        return {"CryoSleep": asleep, **filled}


def _certain(keys: pd.Series, values: pd.Series) -> dict[str, str]:
    """Give the value of each key that is only ever seen with one."""
    pairs = pd.DataFrame({"key": keys, "value": values}).dropna().drop_duplicates()
    single = pairs[~pairs["key"].duplicated(keep=False)].sort_values("key")
    return dict(zip(single["key"].tolist(), single["value"].tolist(), strict=True))
