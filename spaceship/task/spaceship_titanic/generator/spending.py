"""What passengers spend: a budget near their planet's usual one, shared unevenly among services.

Sharing a budget makes the logarithm of each bill left-skewed and Earth's bills compete, as they
do in Kaggle's files, where all figures were measured on awake passengers of 13 and over.
"""

import numpy as np

from spaceship.task.spaceship_titanic.generator.draw import Bools, Floats, Ints
from spaceship.task.spaceship_titanic.generator.population import People

# Probability of buying nothing at all, by planet: Earth, Europa, Mars.
NOTHING = np.array([0.007, 0.038, 0.038])

# Probability of no bill from each service. Columns: RoomService, FoodCourt, ShoppingMall, Spa,
# VRDeck; rows: Earth, Europa, Mars (also below).
NO_BILL = np.array(
    [
        [0.440, 0.424, 0.430, 0.423, 0.422],
        [0.668, 0.051, 0.674, 0.117, 0.109],
        [0.051, 0.700, 0.123, 0.493, 0.698],
    ]
)

# Quantiles of the total spent by those who spend; the budget is interpolated on a log scale.
BUDGET_RANKS = np.array([0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1])
BUDGETS = np.array(
    [
        [336, 522, 627, 740, 849, 1158, 1823, 2429, 4220, 6885],
        [1172, 1475, 2126, 3581, 5287, 8101, 12668, 17112, 27332, 33666],
        [434, 711, 954, 1224, 1574, 2404, 3015, 3739, 7348, 9597],
    ]
)
BUDGET_DRIFT = np.array([0.5, -0.3, 0.7])  # added to the log of the budget at full drift

# Shapes of the gamma weights that share a budget (a Dirichlet draw); fitted to the quantiles of
# each bill. Small shapes: a few coins or nearly everything.
WEIGHT_SHAPES = np.array(
    [
        [0.355, 0.357, 0.313, 0.346, 0.307],
        [0.200, 0.580, 0.200, 0.370, 0.370],
        [0.750, 0.290, 0.460, 0.310, 0.280],
    ]
)


def draw_bills(rng: np.random.Generator, people: People, drift: float) -> Floats:
    """Return whole amounts, shape (n, 5); cryo-sleepers and children spend nothing."""
    bills = np.zeros((len(people.planet), NO_BILL.shape[1]))
    awake = ~people.cryo & ~people.child
    buying = awake & (rng.random(len(awake)) >= NOTHING[people.planet])
    planet = people.planet[buying]
    weights = rng.standard_gamma(WEIGHT_SHAPES[planet]) + 1e-12
    weights *= _draw_services(rng, planet)
    weights *= (_draw_budgets(rng, planet, drift) / weights.sum(axis=1))[:, None]
    bills[buying] = np.ceil(weights)
    return bills


def _draw_services(rng: np.random.Generator, planet: Ints) -> Bools:
    """Return which services send a bill, at least one a passenger, shape (n_buying, 5)."""
    # NO_BILL counts those who buy nothing; here only buyers are left.
    none = ((NO_BILL.T - NOTHING) / (1.0 - NOTHING)).T
    surplus = rng.random((len(planet), none.shape[1])) - none[planet]
    used: Bools = surplus >= 0.0
    idle = np.flatnonzero(~used.any(axis=1))
    used[idle, np.argmax(surplus[idle], axis=1)] = True
    return used


def _draw_budgets(rng: np.random.Generator, planet: Ints, drift: float) -> Floats:
    """Return the total each buyer spends, shape (n_buying,)."""
    rank = rng.random(len(planet))
    log_budget = np.empty(len(planet))
    for code, quantiles in enumerate(np.log(BUDGETS)):
        there = planet == code
        log_budget[there] = np.interp(rank[there], BUDGET_RANKS, quantiles)
    budget: Floats = np.exp(log_budget + drift * BUDGET_DRIFT[planet])
    return budget
