"""Label of the synthetic passengers: a logistic model whose effects move with drift."""

import numpy as np

from spaceship.task.arrays import Floats, Mask
from spaceship.task.spaceship_titanic.generator._people import People
from spaceship.task.spaceship_titanic.generator._tables import TABLES


def draw_labels(rng: np.random.Generator, people: People, drift: float) -> Mask:
    """Return whether each passenger is transported, shape (n,)."""
    label, side = TABLES["label"], np.where(people.starboard, 1.0, -1.0)
    midship = _effect("midship", drift)[people.deck] * -np.cos(2 * np.pi * people.position)
    log_odds = _effect("state", drift)[people.planet, people.state]
    log_odds += _effect("destination", drift)[people.destination]
    log_odds += (np.sqrt(people.bills / 1000) * _effect("bill", drift)[people.planet]).sum(axis=1)
    log_odds += _effect("deck", drift)[people.deck]
    log_odds += side * (_effect("starboard", drift)[people.deck] + midship)
    luck = rng.standard_normal(people.group[-1] + 1)[people.group]
    log_odds = label["strength"] * log_odds + label["group_spread"] * luck
    return np.asarray(rng.logistic(size=len(side)) < log_odds)


def _effect(name: str, drift: float) -> Floats:
    """Return an effect on the straight line between its values without and at full drift."""
    without, full = np.array(TABLES["label"][name], dtype=float)
    return np.asarray((1.0 - drift) * without + drift * full)
