"""People on board: travel groups, planets, ages, cryo-sleep, bills and cabins, as codes."""

from dataclasses import dataclass

import numpy as np

from spaceship.task.arrays import Floats, Ints, Mask
from spaceship.task.spaceship_titanic.generator import _tables
from spaceship.task.spaceship_titanic.generator._tables import pick

_LAST_CHILD_AGE, _ADULT = 12, 18  # years; children spend nothing, only adults are VIPs
SPENDS, IDLE, CHILD, ASLEEP = range(4)


@dataclass(frozen=True)
class People:
    """Passengers in the order of their travel groups; arrays of shape (n,) unless noted.

    Planets, destinations and decks are positions in the lists of tables.yaml.
    """

    group: Ints  # position of the travel group, from 0
    planet: Ints
    destination: Ints
    age: Ints  # whole years
    vip: Mask
    state: Ints  # SPENDS, IDLE (awake, 13 or over, buys nothing), CHILD (awake) or ASLEEP
    bills: Floats  # whole amounts of the five services, shape (n, 5)
    deck: Ints
    starboard: Mask  # side of the cabin; a group shares it
    cabin: Ints  # cabin number, counted from 0 along each side of each deck
    position: Floats  # of the cabin along its side of the deck, 0 (first) to 1 (last)


def draw_people(rng: np.random.Generator, n_groups: int, drift: float) -> People:
    """Return the passengers of `n_groups` travel groups."""
    home = pick(rng.random(n_groups), _tables.shares("planet", drift))
    sizes = 1 + pick(rng.random(n_groups), _tables.shares("group_size")[home])
    group = np.repeat(np.arange(n_groups), sizes)
    planet, alone = home[group], (sizes == 1)[group].astype(np.int64)
    destination = pick(rng.random(len(group)), _tables.shares("destination")[planet])
    band = pick(rng.random(len(group)), _tables.shares("age", drift)[alone, planet])
    age = _draw_number(rng, band, "age_edges").astype(np.int64)
    asleep = rng.random(len(group)) < _tables.chances("asleep", drift)[planet, band]
    vip = rng.random(len(group)) < _tables.chances("vip")[planet, asleep.astype(np.int64)]
    child = age <= _LAST_CHILD_AGE
    bills = _draw_bills(rng, planet, drift) * ~(asleep | child)[:, None]
    state = np.select([asleep, child, ~bills.any(axis=1)], [ASLEEP, CHILD, IDLE], SPENDS)
    deck = pick(rng.random(n_groups)[group], _tables.shares("deck", drift)[state, planet])
    starboard = (rng.random(n_groups) < _tables.chances("starboard"))[group]
    cabin, position = _number_cabins(group, deck, starboard)
    adult = age >= _ADULT
    return People(
        group, planet, destination, age, vip & adult, state, bills, deck, starboard, cabin, position
    )


def _draw_bills(rng: np.random.Generator, planet: Ints, drift: float) -> Floats:
    """Return what each passenger spends if awake and old enough, shape (n, 5)."""
    services = np.moveaxis(_tables.shares("bill"), 1, 0)
    bands = [pick(rng.random(len(planet)), service[planet]) for service in services]
    buys = rng.random(len(planet)) >= _tables.chances("idle")[planet]
    factor = _tables.drift_factor("budget", drift)[planet] * buys
    return np.ceil(_draw_number(rng, np.column_stack(bands), "bill_edges") * factor[:, None])


def _draw_number(rng: np.random.Generator, band: Ints, edges: str) -> Floats:
    """Return a whole number from each band, all numbers of a band being as likely."""
    limits = np.array(_tables.TABLES[edges], dtype=float)
    return np.floor(limits[band] + rng.random(band.shape) * np.diff(limits)[band])


def _number_cabins(group: Ints, deck: Ints, starboard: Mask) -> tuple[Ints, Floats]:
    """Return cabin numbers and positions; members of a group on one deck share their cabin."""
    berths = group * len(_tables.TABLES["decks"]) + deck
    _, first, of_passenger = np.unique(berths, return_index=True, return_inverse=True)
    row = 2 * deck[first] + starboard[first]
    number = _tables.count_before(row)
    position = (number + 0.5) / np.bincount(row)[row]
    return number[of_passenger], position[of_passenger]
