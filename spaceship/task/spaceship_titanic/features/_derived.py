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
    """How many travel together."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `GroupSize`."""
        del state
        return {"GroupSize": passengers.groups.size()}


class GroupPosition(Block):
    """The passenger's place on the list of the group."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `GroupPosition`, which starts at 1."""
        del state
        return {"GroupPosition": passengers.groups.position}


class Cabin(Block):
    """Where on the ship the cabin is: the label varies smoothly along each deck and side."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `DeckSide` and `SignedCabinNumber`, where cabin 0 of the port side is -1."""
        del state
        deck, number, side = (passengers.columns[name] for name in ("Deck", "CabinNumber", "Side"))
        signed = number.where(side != "P", -1 - number).mask(side.isna())
        return {"DeckSide": deck + side, "SignedCabinNumber": signed}


class CabinRegion(Block):
    """The cabin number in hundreds."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `CabinRegion`."""
        del state
        return {"CabinRegion": passengers.columns["CabinNumber"] // REGION_WIDTH}


class CabinRate(Block):
    """Cabins given out per group listed: cabins of a deck and side follow the passenger list."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `CabinRate`, cabin number over group number."""
        del state
        listed = passengers.groups.number
        number = passengers.columns["CabinNumber"]
        return {"CabinRate": number / np.where(listed > 0, listed, np.nan)}


class Spending(Block):
    """What is spent on pleasure, on needs and in all; an unknown spend adds nothing."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `TotalSpend`, `LuxurySpend` and `BasicSpend`."""
        del state
        luxury, basic = _sum(passengers, LUXURY), _sum(passengers, BASIC)
        return {"TotalSpend": luxury + basic, "LuxurySpend": luxury, "BasicSpend": basic}


class NoSpend(Block):
    """Whether any spend is known to be above 0, and how many are."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `NoSpend` and `SpendKinds`."""
        del state
        kinds = reduce(add, ((passengers.columns[name] > 0).astype("float64") for name in SPENDS))
        return {"NoSpend": kinds == 0, "SpendKinds": kinds}


class LogSpends(Block):
    """The logarithm of one plus each spend, which tells small spends apart."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `LogRoomService` and so on."""
        del state
        return {f"Log{name}": np.log1p(passengers.columns[name]) for name in SPENDS}


class Child(Block):
    """Whether the passenger is too young to spend."""

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `Child`, missing where the age is."""
        del state
        age = passengers.columns["Age"]
        return {"Child": (age <= LAST_CHILD_AGE).astype("float64").mask(age.isna())}


class FamilySize(Block):
    """How many training passengers bear the surname."""

    def learn(self, passengers: PassengerTable) -> State:
        """Count the training passengers of each surname."""
        return count(passengers.surname)

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `FamilySize`."""
        return {"FamilySize": look_up(passengers.surname, state)}


def _sum(passengers: PassengerTable, names: tuple[str, ...]) -> pd.Series:
    """Add spends column by column: the bits then do not depend on the number of rows."""
    return reduce(add, (passengers.columns[name].fillna(0.0) for name in names))
