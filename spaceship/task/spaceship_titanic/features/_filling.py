"""Blocks of `full` that fill gaps of the raw columns where only one value is possible."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._block import Block
from spaceship.task.spaceship_titanic.features._table import PassengerTable

LAST_CHILD_AGE = 12  # years: nobody this young ever spends


class FillFromGroup(Block):
    """Fill planet, deck, number and side with the one value known in the travel group."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return the four columns with fewer gaps."""
        del state
        names = ("HomePlanet", "Deck", "CabinNumber", "Side")
        known = {name: passengers.columns[name] for name in names}
        return {name: known[name].fillna(passengers.groups.shared(known[name])) for name in names}


class FillPlanet(Block):
    """Fill the planet of passengers whose deck or surname belongs to one planet only."""

    def learn(self, passengers: PassengerTable) -> State:
        """Return the planet of each deck and surname that has a single one."""
        planet = passengers.columns["HomePlanet"]
        return {
            "deck": _certain(passengers.columns["Deck"], planet),
            "surname": _certain(passengers.surname, planet),
        }

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `HomePlanet` with fewer gaps."""
        planet = passengers.columns["HomePlanet"]
        for keys, learnt in (
            (passengers.columns["Deck"], state["deck"]),
            (passengers.surname, state["surname"]),
        ):
            planet = planet.fillna(keys.map(pd.Series(learnt, dtype="str")).astype("str"))
        return {"HomePlanet": planet}


class CryoLogic(Block):
    """Fill sleep from spends and spends from sleep and age: sleepers and children never spend."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `CryoSleep`, false for spenders, and spends, 0 for sleepers and children."""
        del state
        columns = passengers.columns
        spends = {name: columns[name] for name in SPENDS}
        awake = pd.concat([spend > 0 for spend in spends.values()], axis=1).any(axis=1)
        asleep = columns["CryoSleep"].mask(columns["CryoSleep"].isna() & awake, 0.0)
        idle = (asleep == 1) | (columns["Age"] <= LAST_CHILD_AGE)
        filled = {name: spend.mask(spend.isna() & idle, 0.0) for name, spend in spends.items()}
        return {"CryoSleep": asleep, **filled}


def _certain(keys: pd.Series, values: pd.Series) -> dict[str, str]:
    """Return the value of each key that occurs with one value only."""
    pairs = pd.DataFrame({"key": keys, "value": values}).dropna().drop_duplicates()
    single = pairs[~pairs["key"].duplicated(keep=False)].sort_values("key")
    return dict(zip(single["key"].tolist(), single["value"].tolist(), strict=True))
