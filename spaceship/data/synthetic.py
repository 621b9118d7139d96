"""Synthetic passengers: Kaggle's columns and habits, any number of them, from a seed alone."""

import hashlib
from collections.abc import Callable
from numbers import Real
from typing import ClassVar

import numpy as np
import pandas as pd

from spaceship.data import checks as schema
from spaceship.data._base import Dataset, DataSource
from spaceship.data.digest import digest
from spaceship.errors import ConfigError
from spaceship.task.spaceship_titanic import columns
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.generator.cabins import DECKS, SIDES, Cabins, assign_cabins
from spaceship.task.spaceship_titanic.generator.draw import Floats, Ints
from spaceship.task.spaceship_titanic.generator.label import draw_labels
from spaceship.task.spaceship_titanic.generator.names import draw_names
from spaceship.task.spaceship_titanic.generator.population import (
    DESTINATIONS,
    PLANETS,
    People,
    draw_people,
)
from spaceship.task.spaceship_titanic.generator.spending import draw_bills

# Raise it with any change that makes the same parameters give other passengers.
GENERATOR_VERSION = 1

FEWEST_GROUPS = 10
MOST_GROUPS = 5_000_000  # beyond it the invented surnames run out

# Share of values missing, column by column, each independent of everything else; measured on
# Kaggle's training and test files together.
MISSING = {
    "HomePlanet": 0.0222,
    "CryoSleep": 0.0239,
    "Cabin": 0.0231,
    "Destination": 0.0211,
    "Age": 0.0208,
    "VIP": 0.0228,
    "RoomService": 0.0203,
    "FoodCourt": 0.0223,
    "ShoppingMall": 0.0236,
    "Spa": 0.0219,
    "VRDeck": 0.0207,
    "Name": 0.0227,
}


class SyntheticData(DataSource):
    """Passengers drawn from measured shares and a known label model; the same for the same seed.

    Args:
        n_groups: Travel groups of 1 to 8 people; 1.4 people each on average.
        seed: Seed of every draw, 0 or more.
        drift: How far population and label model have moved away, 0 (not at all) to 1.
        test_fraction: Share of the groups whose label is kept back, between 0 and 1.

    Raises:
        ConfigError: An argument is out of its range.

    """

    name: ClassVar[str] = "synthetic"

    def __init__(self, n_groups: int, seed: int, drift: float, test_fraction: float) -> None:
        """Keep the arguments, or say which cannot be used."""
        self.n_groups, self.seed = n_groups, seed
        self.drift, self.test_fraction = drift, test_fraction
        faults = self._faults()
        if faults:
            msg = "\n".join(faults)
            raise ConfigError(msg)

    def fingerprint(self) -> str:
        """Return a hash of the parameters and the generator's version."""
        shape = (int(self.n_groups), int(self.seed), float(self.drift), float(self.test_fraction))
        key = (self.name, GENERATOR_VERSION, schema.SCHEMA_VERSION, *shape)
        return hashlib.sha256(repr(key).encode()).hexdigest()

    def load(self) -> Dataset:
        """Return the passengers, the groups dealt to train and test at random."""
        everyone, group = generate(self.n_groups, self.seed, self.drift)
        n_test = min(max(round(self.test_fraction * self.n_groups), 1), self.n_groups - 1)
        deal = np.random.default_rng([self.seed, 1]).permutation(self.n_groups)
        is_test = (deal < n_test)[group]
        train = schema.check(everyone[~is_test], source="synthetic train", labelled=True)
        unlabelled = everyone[is_test].drop(columns=columns.LABEL)
        test = schema.check(unlabelled, source="synthetic test", labelled=False)
        sample = test[["PassengerId"]].assign(**{columns.LABEL: False})
        return Dataset(train, test, sample, digest(train, test))

    def _faults(self) -> list[str]:
        """Return a line for each argument that cannot be used."""
        groups, fraction = f"from {FEWEST_GROUPS} to {MOST_GROUPS}", "above 0 and below 1"
        rules: list[tuple[str, type, str, Callable[[float], bool], float]] = [
            ("n_groups", int, groups, lambda n: FEWEST_GROUPS <= n <= MOST_GROUPS, 9280),
            ("seed", int, "0 or more", lambda n: n >= 0, 2912),
            ("drift", Real, "from 0 to 1", lambda x: 0.0 <= x <= 1.0, 0.5),
            ("test_fraction", Real, fraction, lambda x: 0.0 < x < 1.0, 0.33),
        ]
        return [
            f"expected data.{name} {wanted}{' and whole' * (kind is int)}, "
            f"found {getattr(self, name)!r}; try data.{name}={example}"
            for name, kind, wanted, fits, example in rules
            if not (isinstance(getattr(self, name), kind) and fits(getattr(self, name)))
        ]


def generate(n_groups: int, seed: int, drift: float) -> tuple[pd.DataFrame, Ints]:
    """Return all passengers with their label, typed, and the group (from 0) of each.

    Each part draws from a stream of its own, so that a change to one leaves the others as they
    were.
    """
    streams = np.random.default_rng(seed).spawn(6)
    people = draw_people(streams[0], n_groups, drift)
    bills = draw_bills(streams[1], people, drift)
    cabins = assign_cabins(streams[2], people, bills, drift)
    labels = draw_labels(streams[3], people, bills, cabins, drift)
    frame = _write_down(people, cabins, bills)
    frame["Name"] = draw_names(streams[4], people)
    for column, share in MISSING.items():
        frame[column] = frame[column].mask(streams[5].random(len(frame)) < share)
    frame[columns.LABEL] = labels
    return frame, people.group


def _write_down(people: People, cabins: Cabins, bills: Floats) -> pd.DataFrame:
    """Return a typed frame in Kaggle's order of columns but names, nothing missing yet."""
    columns = {
        "PassengerId": _text(people.group + 1, width=4) + "_" + _text(people.place, width=2),
        "HomePlanet": _words(PLANETS, people.planet),
        "CryoSleep": pd.array(people.cryo, dtype="boolean"),
        "Cabin": _words([f"{deck}/" for deck in DECKS], cabins.deck)
        + _text(cabins.number)
        + _words([f"/{side}" for side in SIDES], cabins.side),
        "Destination": _words(DESTINATIONS, people.destination),
        "Age": people.age.astype(float),
        "VIP": pd.array(people.vip, dtype="boolean"),
        **dict(zip(SPENDS, bills.T, strict=True)),
    }
    return pd.DataFrame(columns)


def _words(choices: tuple[str, ...] | list[str], codes: Ints) -> pd.Series:
    """Return the choice each code stands for."""
    return pd.Series(choices, dtype="str").take(codes).reset_index(drop=True)


def _text(numbers: Ints, *, width: int = 1) -> pd.Series:
    """Return whole numbers as text, padded with zeros to at least `width` digits."""
    codes, values = pd.factorize(numbers)
    words = pd.Series(values.astype(str), dtype="str").str.zfill(width)
    return words.take(codes).reset_index(drop=True)
