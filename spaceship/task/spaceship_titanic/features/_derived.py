"""Blocks of `full` that derive columns from the filled ones."""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pandas as pd

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._block import Block
from spaceship.task.spaceship_titanic.features._counts import count, look_up
from spaceship.task.spaceship_titanic.features._filling import LAST_CHILD_AGE
from spaceship.task.spaceship_titanic.features._table import PassengerTable

BASIC = ("FoodCourt", "ShoppingMall")  # who spends here is transported more often
LUXURY = ("RoomService", "Spa", "VRDeck")  # who spends here, less often
REGION_WIDTH = 100  # cabin numbers


class GroupSize(Block):
    """Number of passengers of the travel group."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `GroupSize`."""
        del state
        return {"GroupSize": passengers.groups.size()}


class GroupPosition(Block):
    """The passenger's place on the list of the group."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `GroupPosition`, which starts at 1."""
        del state
        return {"GroupPosition": passengers.groups.position}


class Cabin(Block):
    """Place of the cabin on the ship: the label varies smoothly along each deck and side."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `DeckSide` and `SignedCabinNumber`, where cabin 0 of the port side is -1."""
        del state
        deck, number, side = (passengers.columns[name] for name in ("Deck", "CabinNumber", "Side"))
        signed = number.where(side != "P", -1 - number).mask(side.isna())
        return {"DeckSide": deck + side, "SignedCabinNumber": signed}


class CabinRegion(Block):
    """The cabin number in hundreds."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `CabinRegion`."""
        del state
        return {"CabinRegion": passengers.columns["CabinNumber"] // REGION_WIDTH}


class CabinRate(Block):
    """Cabins given out per group listed: cabins of a deck and side follow the passenger list."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `CabinRate`, cabin number over group number."""
        del state
        listed = passengers.groups.number
        number = passengers.columns["CabinNumber"]
        return {"CabinRate": number / np.where(listed > 0, listed, np.nan)}


class Spending(Block):
    """Sums of the spends on luxury, on basics and on both; an unknown spend adds nothing."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `TotalSpend`, `LuxurySpend` and `BasicSpend`."""
        del state
        luxury, basic = _sum(passengers, LUXURY), _sum(passengers, BASIC)
        return {"TotalSpend": luxury + basic, "LuxurySpend": luxury, "BasicSpend": basic}


class NoSpend(Block):
    """Flag that no spend is known to be above 0, and the number of those that are."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `NoSpend` and `SpendKinds`."""
        del state
        kinds = reduce(add, ((passengers.columns[name] > 0).astype("float64") for name in SPENDS))
        return {"NoSpend": kinds == 0, "SpendKinds": kinds}


class LogSpends(Block):
    """The logarithm of one plus each spend, which spreads small spends."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `LogRoomService` and so on."""
        del state
        return {f"Log{name}": np.log1p(passengers.columns[name]) for name in SPENDS}


class Child(Block):
    """Flag of passengers too young to spend."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `Child`, missing where the age is."""
        del state
        age = passengers.columns["Age"]
        return {"Child": (age <= LAST_CHILD_AGE).astype("float64").mask(age.isna())}


class FamilySize(Block):
    """Number of training passengers with the same surname."""

    def learn(self, passengers: PassengerTable) -> State:
        """Return the number of training passengers of each surname."""
        return count(passengers.surname)

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Return `FamilySize`."""
        return {"FamilySize": look_up(passengers.surname, state)}


def _sum(passengers: PassengerTable, names: tuple[str, ...]) -> pd.Series:
    """Return the sum of spends, column by column: its bits do not depend on the other rows."""
    return reduce(add, (passengers.columns[name].fillna(0.0) for name in names))
