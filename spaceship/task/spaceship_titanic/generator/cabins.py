"""Where passengers sleep: decks by purse, one side a group, numbers rising with the group.

All shares were measured on Kaggle's training and test files together.
"""

from dataclasses import dataclass

import numpy as np

from spaceship.task.spaceship_titanic.generator.draw import Bools, Floats, Ints, pick, shares
from spaceship.task.spaceship_titanic.generator.population import PLANETS, People

DECKS = tuple("ABCDEFGT")
SIDES = ("P", "S")

# Share of decks A..T. Rows, for each planet in company and then alone: children, cryo-sleepers,
# grown-ups who buy nothing, and those who spend.
DECK_SHARES = [
    [0, 0, 0, 0, 0.033, 0.015, 0.952, 0],  # Earth, in company
    [0, 0, 0, 0, 0.014, 0.016, 0.970, 0],
    [0, 0, 0, 0, 0.000, 0.100, 0.900, 0],
    [0, 0, 0, 0, 0.134, 0.531, 0.335, 0],
    [0, 0, 0, 0, 0.030, 0.010, 0.960, 0],  # Earth, alone
    [0, 0, 0, 0, 0.004, 0.004, 0.992, 0],
    [0, 0, 0, 0, 0.000, 0.158, 0.842, 0],
    [0, 0, 0, 0, 0.131, 0.578, 0.291, 0],
    [0.182, 0.432, 0.341, 0.023, 0.022, 0, 0, 0],  # Europa, in company
    [0.089, 0.461, 0.337, 0.078, 0.035, 0, 0, 0],
    [0.194, 0.484, 0.194, 0.097, 0.031, 0, 0, 0],
    [0.144, 0.342, 0.347, 0.109, 0.055, 0, 0, 0.003],
    [0.046, 0.425, 0.301, 0.130, 0.098, 0, 0, 0],  # Europa, alone
    [0.046, 0.425, 0.301, 0.130, 0.098, 0, 0, 0],
    [0.174, 0.826, 0.000, 0.000, 0.000, 0, 0, 0],
    [0.159, 0.183, 0.397, 0.121, 0.130, 0, 0, 0.010],
    [0, 0, 0, 0.000, 0.041, 0.959, 0, 0],  # Mars, in company
    [0, 0, 0, 0.062, 0.123, 0.815, 0, 0],
    [0, 0, 0, 0.000, 0.786, 0.214, 0, 0],
    [0, 0, 0, 0.257, 0.200, 0.543, 0, 0],
    [0, 0, 0, 0.000, 0.000, 1.000, 0, 0],  # Mars, alone
    [0, 0, 0, 0.022, 0.171, 0.807, 0, 0],
    [0, 0, 0, 0.037, 0.926, 0.037, 0, 0],
    [0, 0, 0, 0.253, 0.197, 0.550, 0, 0],
]
DECK_DRIFT = (0.6, 0.0, -0.5, 0.5, 0.5, -0.4, 0.0, 0.0)

# Share of starboard among the groups that take their first cabin on each deck.
STARBOARD = np.array([0.531, 0.551, 0.516, 0.486, 0.515, 0.486, 0.501, 0.545])

# Probability that a spender sleeps on the deck the group would choose together, by group size;
# chosen so that the share of groups with 1, 2 and 3 cabins comes out as measured.
TOGETHER = np.array([1.0, 1.0, 0.22, 0.45, 0.75, 0.90, 0.90, 0.90, 0.90])


@dataclass(frozen=True)
class Cabins:
    """One cabin a passenger; arrays of shape (n,).

    Attributes:
        deck, side: Positions in `DECKS`, `SIDES`; a group shares its side.
        number: Cabin number, counted from 0 along each side of each deck.
        position: Place along that side of the deck, 0 (first cabin) to 1 (last).

    """

    deck: Ints
    side: Ints
    number: Ints
    position: Floats


def assign_cabins(rng: np.random.Generator, people: People, bills: Floats, drift: float) -> Cabins:
    """Return the cabins; members of a group on one deck share theirs, with no other group."""
    spends: Bools = np.any(bills, axis=1)
    deck = _draw_decks(rng, people, spends, drift)
    first_deck = deck[people.place == 1]
    starboard = rng.random(len(people.sizes)) < STARBOARD[first_deck]
    side = starboard[people.group].astype(np.int64)
    cabin = people.group * len(DECKS) + deck
    ids, of_passenger = np.unique(cabin, return_inverse=True)
    row = ids % len(DECKS) * 2 + starboard[ids // len(DECKS)]
    number, taken = _count_up(row)
    position = (number + 0.5) / taken[row]
    return Cabins(deck, side, number[of_passenger], position[of_passenger])


def _draw_decks(rng: np.random.Generator, people: People, spends: Bools, drift: float) -> Ints:
    """Return each passenger's deck; people from Europa follow the first of their group."""
    purse = np.select([people.child, people.cryo, ~spends], [0, 1, 2], 3)
    rows = 8 * people.planet + 4 * people.alone + purse
    lead = np.flatnonzero(people.place == 1)[people.group]
    europa = people.planet == PLANETS.index("Europa")
    rows = np.where(europa, rows[lead], rows)
    joined = europa | ~spends | (rng.random(len(rows)) < TOGETHER[people.sizes[people.group]])
    own, shared = rng.random(len(rows)), rng.random(len(people.sizes))[people.group]
    table = shares(DECK_SHARES, tilt=drift * np.array(DECK_DRIFT))
    return pick(np.where(joined, shared, own), table, rows)


def _count_up(row: Ints) -> tuple[Ints, Ints]:
    """Return each cabin's number within its row of cabins, and the cabins in each row."""
    taken = np.bincount(row, minlength=2 * len(DECKS))
    order = np.argsort(row, kind="stable")
    number = np.empty(len(row), dtype=np.int64)
    number[order] = np.arange(len(row)) - np.repeat(np.cumsum(taken) - taken, taken)
    return number, taken
