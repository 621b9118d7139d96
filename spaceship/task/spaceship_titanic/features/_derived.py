"""Blocks of `full` that derive columns from the filled ones."""

from functools import reduce
from operator import add

import numpy as np

from spaceship.task.arrays import Floats
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._filling import LAST_CHILD_AGE
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable

BASIC = ("FoodCourt", "ShoppingMall")  # who spends here is transported more often
LUXURY = ("RoomService", "Spa", "VRDeck")  # who spends here, less often


def cabin(table: PassengerTable) -> Columns:
    """Return the place on each deck and side, along which the label varies smoothly.

    Cabin 0 of the port side is -1.
    """
    deck, number, side = (table.columns[name] for name in ("Deck", "CabinNumber", "Side"))
    signed = np.where(side.are("P"), -1 - number, number)
    signed[side.codes < 0] = np.nan
    return {"DeckSide": deck.beside(side), "SignedCabinNumber": signed}


def cabin_region(table: PassengerTable) -> Columns:
    """Return the number of hundreds in the cabin's number."""
    with np.errstate(invalid="ignore"):  # of an infinite number
        return {"CabinRegion": table.columns["CabinNumber"] // 100}


def cabin_rate(table: PassengerTable) -> Columns:
    """Return cabin over group number: the cabins of a deck and side follow the passenger list."""
    listed = table.groups.number()
    return {"CabinRate": table.columns["CabinNumber"] / np.where(listed > 0, listed, np.nan)}


def spending(table: PassengerTable) -> Columns:
    """Return the sums of spends; an unknown spend adds nothing."""
    luxury, basic = (_sum(table, names) for names in (LUXURY, BASIC))
    return {"TotalSpend": luxury + basic, "LuxurySpend": luxury, "BasicSpend": basic}


def no_spend(table: PassengerTable) -> Columns:
    """Return whether no spend is known to be above 0, and the number of those that are."""
    kinds = reduce(add, ((table.columns[name] > 0).astype(np.float64) for name in SPENDS))
    return {"NoSpend": (kinds == 0).astype(np.float64), "SpendKinds": kinds}


def log_spends(table: PassengerTable) -> Columns:
    """Return the logarithm of 1 + each spend."""
    return {f"Log{name}": np.log1p(table.columns[name]) for name in SPENDS}


def child(table: PassengerTable) -> Columns:
    """Return whether a passenger is too young to spend, missing where the age is."""
    age = table.columns["Age"]
    return {"Child": np.where(np.isnan(age), np.nan, age <= LAST_CHILD_AGE)}


def or_zero(values: Floats) -> Floats:
    """Return numbers, 0 where one is missing."""
    return np.where(np.isnan(values), 0.0, values)


def _sum(table: PassengerTable, names: tuple[str, ...]) -> Floats:
    """Return the sum of spends, column by column: its bits do not depend on the other rows."""
    return reduce(add, (or_zero(table.columns[name]) for name in names))
