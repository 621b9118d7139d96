"""Draws from tables of shares: the one kind of chance the synthetic passengers are made of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def shares(table: ArrayLike, *, tilt: ArrayLike = 0.0) -> Floats:
    """Return the rows of a table scaled to sum to one.

    Args:
        table: Non-negative weights, shape (n_rows, n_choices).
        tilt: Log-odds added to each choice before scaling (how drift shifts a population).

    """
    weights = np.asarray(table, dtype=float) * np.exp(tilt)
    scaled: Floats = weights / weights.sum(axis=1, keepdims=True)
    return scaled


def pick(chance: Floats, table: Floats, rows: Ints) -> Ints:
    """Return the choice of each passenger or group, by inverting its row's distribution.

    Args:
        chance: Uniform numbers in [0, 1), shape (n,); equal numbers and rows give equal choices.
        table: Shares, shape (n_rows, n_choices), each row summing to one.
        rows: The row of `table` that applies, shape (n,).

    """
    n_rows, n_choices = table.shape
    steps = np.cumsum(table, axis=1)
    steps /= steps[:, -1:]
    ladder = (steps + np.arange(n_rows)[:, None]).ravel()
    found = np.searchsorted(ladder, rows + chance, side="right") - rows * n_choices
    choice: Ints = np.minimum(found, n_choices - 1).astype(np.int64)
    return choice


def sigmoid(log_odds: Floats) -> Floats:
    """Return the probability of each log-odds."""
    probability: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return probability
