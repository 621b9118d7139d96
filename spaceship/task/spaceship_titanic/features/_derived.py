"""Blocks of `full` that derive columns from the filled ones."""

from functools import reduce
from operator import add

import numpy as np
import pandas as pd

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
    signed = number.where(side != "P", -1 - number).mask(side.isna())
    return {"DeckSide": deck + side, "SignedCabinNumber": signed}


def cabin_rate(table: PassengerTable) -> Columns:
    """Return cabin over group number: the cabins of a deck and side follow the passenger list."""
    listed = table.groups.number
    return {"CabinRate": table.columns["CabinNumber"] / np.where(listed > 0, listed, np.nan)}


def spending(table: PassengerTable) -> Columns:
    """Return the sums of spends; an unknown spend adds nothing."""
    luxury, basic = _sum(table, LUXURY), _sum(table, BASIC)
    return {"TotalSpend": luxury + basic, "LuxurySpend": luxury, "BasicSpend": basic}


def no_spend(table: PassengerTable) -> Columns:
    """Return whether no spend is known to be above 0, and the number of those that are."""
    kinds = reduce(add, ((table.columns[name] > 0).astype("float64") for name in SPENDS))
    return {"NoSpend": kinds == 0, "SpendKinds": kinds}


def child(table: PassengerTable) -> Columns:
    """Return whether a passenger is too young to spend, missing where the age is."""
    age = table.columns["Age"]
    return {"Child": (age <= LAST_CHILD_AGE).astype("float64").mask(age.isna())}


def _sum(table: PassengerTable, names: tuple[str, ...]) -> pd.Series:
    """Return the sum of spends, column by column: its bits do not depend on the other rows."""
    return reduce(add, (table.columns[name].fillna(0.0) for name in names))
