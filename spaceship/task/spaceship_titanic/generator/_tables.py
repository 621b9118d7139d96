"""Tables of the synthetic passengers, read from tables.yaml, and how choices follow from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from spaceship.task.arrays import Floats, Ints

TABLES: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("tables.yaml").read_text(encoding="utf-8")
)


def shares(name: str, drift: float = 0.0) -> Floats:
    """Return a table whose last axis holds the share of each choice, moved by drift."""
    weights = np.array(TABLES["shares"][name]) * drift_factor(name, drift)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def chances(name: str, drift: float = 0.0) -> Floats:
    """Return a table of probabilities, moved by drift."""
    settled = np.array(TABLES["chances"][name])
    odds = settled * drift_factor(name, drift)
    return np.asarray(odds / (odds + 1.0 - settled))


def drift_factor(name: str, drift: float) -> Floats:
    """Return what drift multiplies odds or amounts by; 1 for a table that does not drift."""
    return np.asarray(np.exp(drift * np.array(TABLES["drift"].get(name, 0.0))))


def pick(lots: Floats, choices: Floats) -> Ints:
    """Return the position of the choice that each lot falls on, (n,).

    Lots are uniform in [0, 1), (n,); shares of the choices are (n, n_choices), or (1, n_choices).
    """
    passed = lots[:, None] >= np.cumsum(choices, axis=1)[:, :-1]
    return np.asarray(passed.sum(axis=1))


def count_before(values: Ints) -> Ints:
    """Return how often each value occurs at earlier positions."""
    return np.asarray(pd.Series(values).groupby(values).cumcount(), dtype=np.int64)
