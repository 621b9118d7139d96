"""Who is on board: travel groups, planets, destinations, ages, cryo-sleep and VIP service.

All shares were measured on Kaggle's training and test files together.
"""

from dataclasses import dataclass

import numpy as np

from spaceship.task.spaceship_titanic.generator.draw import (
    Bools,
    Floats,
    Ints,
    pick,
    shares,
    sigmoid,
)

PLANETS = ("Earth", "Europa", "Mars")
DESTINATIONS = ("55 Cancri e", "PSO J318.5-22", "TRAPPIST-1e")
ADULT = 18
LAST_CHILD_AGE = 12
LAST_TODDLER_AGE = 4

# Share of travel groups by planet, and what full drift adds to its log-odds.
GROUPS_BY_PLANET = [[0.590, 0.2035, 0.2065]]
PLANET_DRIFT = (-0.8, 0.0, 0.7)

# Share of groups of 1..8 people; rows: Earth, Europa, Mars.
GROUP_SIZES = [
    [0.850, 0.084, 0.041, 0.007, 0.006, 0.004, 0.005, 0.004],
    [0.573, 0.272, 0.078, 0.043, 0.018, 0.011, 0.004, 0.000],
    [0.717, 0.179, 0.073, 0.020, 0.005, 0.000, 0.006, 0.000],
]

# Share of destinations in the order above; rows: Earth, Europa, Mars.
DESTINATION_SHARES = [
    [0.146, 0.158, 0.695],
    [0.426, 0.009, 0.565],
    [0.112, 0.026, 0.862],
]

# Lowest age of each band and the age after the last; share of people by band.
# Rows: Earth in company, Earth alone, Europa in company, Europa alone, Mars in company, alone.
AGE_EDGES = np.array([0, 1, 5, 13, 18, 26, 36, 51, 80])
AGE_SHARES = [
    [0.081, 0.121, 0.134, 0.098, 0.229, 0.152, 0.135, 0.050],
    [0.001, 0.003, 0.014, 0.117, 0.405, 0.207, 0.181, 0.071],
    [0.006, 0.012, 0.013, 0.077, 0.181, 0.326, 0.270, 0.115],
    [0.000, 0.000, 0.000, 0.012, 0.116, 0.400, 0.329, 0.143],
    [0.043, 0.063, 0.062, 0.084, 0.261, 0.219, 0.185, 0.082],
    [0.000, 0.002, 0.010, 0.048, 0.286, 0.326, 0.237, 0.092],
]
AGE_DRIFT = (-0.8, -0.7, -0.6, -0.4, -0.3, 0.0, 0.4, 0.8)
AGE_BENDS = np.array([1, 1, 1, 1, 1, 1, 1.15, 2.2])  # > 1: the young end of a band is fuller

# Log-odds of cryo-sleep: by age band, then what the destination and being alone add.
CRYO_BY_AGE = np.array(
    [
        [-0.20, 0.36, -0.43, -0.48, -1.30, -1.14, -1.09, -1.30],
        [-4.07, -0.62, -3.09, 1.45, 0.04, -0.59, -0.63, -0.60],
        [-1.14, -0.23, 0.89, -0.17, -0.37, -0.61, -0.43, -0.41],
    ]
)
CRYO_BY_DESTINATION = np.array([[0.13, 1.20, 0.0], [0.48, 0.83, 0.0], [0.15, -0.80, 0.0]])
CRYO_ALONE = np.array([-0.12, -0.03, -0.06])
CRYO_DRIFT = -0.8

# Share of VIPs by planet, then (awake, asleep), then (18 to 25, older); nobody under 18.
VIP_SHARES = np.array(
    [
        [[0.0, 0.0], [0.0, 0.0]],
        [[0.045, 0.103], [0.004, 0.026]],
        [[0.027, 0.081], [0.0, 0.0]],
    ]
)
VIP_FULL_RATE_AGE = 26


@dataclass(frozen=True)
class People:
    """Passengers in order of group and place in it; every array but `sizes` has shape (n,).

    Attributes:
        sizes: People in each travel group, shape (n_groups,).
        group: Position of the passenger's travel group, from 0.
        place: Place in the group, from 1.
        alone: Whether the group is this one passenger.
        planet, destination: Positions in `PLANETS`, `DESTINATIONS`; a group shares its planet.
        age: Whole years.
        cryo, vip: Cryo-sleep and VIP service.

    """

    sizes: Ints
    group: Ints
    place: Ints
    alone: Bools
    planet: Ints
    destination: Ints
    age: Ints
    cryo: Bools
    vip: Bools

    @property
    def child(self) -> Bools:
        """Too young to spend."""
        return self.age <= LAST_CHILD_AGE


def draw_people(rng: np.random.Generator, n_groups: int, drift: float) -> People:
    """Return the passengers of `n_groups` travel groups."""
    mix = shares(GROUPS_BY_PLANET, tilt=drift * np.array(PLANET_DRIFT))
    home = pick(rng.random(n_groups), mix, np.zeros(n_groups, dtype=np.int64))
    sizes = 1 + pick(rng.random(n_groups), shares(GROUP_SIZES), home)
    group = np.repeat(np.arange(n_groups), sizes)
    place = 1 + np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    planet, alone = home[group], sizes[group] == 1
    destination = pick(rng.random(len(group)), shares(DESTINATION_SHARES), planet)
    band, age = _draw_ages(rng, 2 * planet + alone, drift)
    odds = CRYO_BY_AGE[planet, band] + CRYO_BY_DESTINATION[planet, destination]
    odds += CRYO_ALONE[planet] * alone + CRYO_DRIFT * drift
    cryo = rng.random(len(group)) < sigmoid(odds)
    older = (age >= VIP_FULL_RATE_AGE).astype(np.int64)
    wish = VIP_SHARES[planet, cryo.astype(np.int64), older] * (age >= ADULT)
    vip = rng.random(len(group)) < wish
    return People(sizes, group, place, alone, planet, destination, age, cryo, vip)


def _draw_ages(rng: np.random.Generator, rows: Ints, drift: float) -> tuple[Ints, Ints]:
    """Return each passenger's age band and age in whole years."""
    table = shares(AGE_SHARES, tilt=drift * np.array(AGE_DRIFT))
    band = pick(rng.random(len(rows)), table, rows)
    into: Floats = 1.0 - (1.0 - rng.random(len(rows))) ** (1.0 / AGE_BENDS[band])
    years = np.floor(into * np.diff(AGE_EDGES)[band]).astype(np.int64)
    return band, AGE_EDGES[band] + years
