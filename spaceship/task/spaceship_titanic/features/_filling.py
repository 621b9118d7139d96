"""Blocks of `full` that fill gaps of the raw columns where only one value is possible."""

import pandas as pd

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable

LAST_CHILD_AGE = 12  # years: nobody this young ever spends


def fill_from_group(table: PassengerTable) -> Columns:
    """Fill planet, deck, number and side with the one value known in the travel group."""
    names = ("HomePlanet", "Deck", "CabinNumber", "Side")
    known = {name: table.columns[name] for name in names}
    return {name: values.fillna(table.groups.shared(values)) for name, values in known.items()}


def learn_planets(table: PassengerTable) -> State:
    """Return the planet of each deck and surname that has a single one."""
    keys = {"deck": table.columns["Deck"], "surname": table.surname}
    return {name: _certain(column, table.columns["HomePlanet"]) for name, column in keys.items()}


def fill_planet(table: PassengerTable, state: State) -> Columns:
    """Fill the planet of passengers whose deck or surname belongs to one planet only."""
    planet = table.columns["HomePlanet"]
    for name, keys in (("deck", table.columns["Deck"]), ("surname", table.surname)):
        planet = planet.fillna(keys.map(pd.Series(state[name], dtype="str")).astype("str"))
    return {"HomePlanet": planet}


def cryo_logic(table: PassengerTable) -> Columns:
    """Fill sleep from spends and spends from sleep and age: sleepers and children never spend."""
    spends, asleep = {name: table.columns[name] for name in SPENDS}, table.columns["CryoSleep"]
    awake = pd.concat([spend > 0 for spend in spends.values()], axis=1).any(axis=1)
    asleep = asleep.mask(asleep.isna() & awake, 0.0)
    idle = (asleep == 1) | (table.columns["Age"] <= LAST_CHILD_AGE)
    filled = {name: spend.mask(spend.isna() & idle, 0.0) for name, spend in spends.items()}
    return {"CryoSleep": asleep, **filled}


def _certain(keys: pd.Series, values: pd.Series) -> dict[str, str]:
    """Return the value of each key that occurs with one value only."""
    pairs = pd.DataFrame({"key": keys, "value": values}).dropna().drop_duplicates()
    single = pairs[~pairs["key"].duplicated(keep=False)].sort_values("key")
    return dict(zip(single["key"].tolist(), single["value"].tolist(), strict=True))
