"""Blocks of `full` that fill gaps of the raw columns where only one value is possible."""

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats
from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable
from spaceship.task.texts import Texts

LAST_CHILD_AGE = 12  # years: nobody this young ever spends


def fill_from_group(table: PassengerTable) -> Columns:
    """Fill planet, deck, number and side with the one value known in the travel group."""
    names = ("HomePlanet", "Deck", "CabinNumber", "Side")
    return {name: _filled(table.columns[name], table.groups) for name in names}


def learn_planets(table: PassengerTable) -> State:
    """Return the planet of each deck and surname that has a single one."""
    planet, deck = table.columns["HomePlanet"], table.columns["Deck"]
    return {"deck": _certain(deck, planet), "surname": _certain(table.surname, planet)}


def fill_planet(table: PassengerTable, state: State) -> Columns:
    """Fill the planet of passengers whose deck or surname belongs to one planet only."""
    planet = table.columns["HomePlanet"]
    planet = planet.filled(table.columns["Deck"].renamed(state["deck"].get))
    return {"HomePlanet": planet.filled(table.surname.renamed(state["surname"].get))}


def cryo_logic(table: PassengerTable) -> Columns:
    """Fill sleep from spends and spends from sleep and age: sleepers and children never spend."""
    asleep, spends = table.columns["CryoSleep"], [table.columns[name] for name in SPENDS]
    awake = np.logical_or.reduce([spend > 0 for spend in spends])
    asleep = np.where(np.isnan(asleep) & awake, 0.0, asleep)
    idle = (asleep == 1) | (table.columns["Age"] <= LAST_CHILD_AGE)
    filled = [np.where(np.isnan(spend) & idle, 0.0, spend) for spend in spends]
    return {"CryoSleep": asleep, **dict(zip(SPENDS, filled, strict=True))}


def _filled(values: Texts | Floats, groups: TravelGroups) -> Texts | Floats:
    if isinstance(values, Texts):
        codes = _without_gaps(np.where(values.codes < 0, np.nan, values.codes), groups)
        return Texts(np.where(np.isnan(codes), -1, codes).astype(np.int32), values.levels)
    return _without_gaps(values, groups)


def _without_gaps(values: Floats, groups: TravelGroups) -> Floats:
    gaps = np.isnan(values)
    return np.where(gaps, groups.shared(values), values) if gaps.any() else values


def _certain(keys: Texts, values: Texts) -> dict[str, str]:
    """Return the value of each key that occurs with one value only."""
    pairs = pd.DataFrame({"key": keys.codes, "value": values.codes})
    pairs = pairs[(pairs >= 0).all(axis=1)].drop_duplicates()
    single = pairs[~pairs["key"].duplicated(keep=False)]
    found = {keys.levels[key]: values.levels[value] for key, value in single.to_numpy()}
    return dict(sorted(found.items()))
