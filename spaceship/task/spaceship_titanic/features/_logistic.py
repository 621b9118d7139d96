"""Logistic regression with an L2 penalty whose rows fall into parts with terms of their own.

Newton's method; X'WX is added up part by part, so that the whole design matrix is never made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from spaceship.task.arrays import Floats, Positions

MOST_STEPS = 50
_NEAR = 1e-14  # squared length of a step, in the metric of the Hessian, that is the last
_DAMPING = 1e-12  # added to the scaled Hessian, which equal or constant huge terms make singular
_FLAT = 1e-4  # slope along a term of size 1 that is none


@dataclass(frozen=True)
class Part:
    """Rows of a regression, with the terms that are not 0 for all of them."""

    rows: Positions  # their positions among all rows
    places: Positions  # of the terms among all terms, (n_terms,)
    terms: Floats  # (n_rows, n_terms)


@dataclass(frozen=True)
class Regression:
    """Rows in parts, their labels 0 or 1, and the penalty of each term's squared weight.

    >>> flat = Part(np.arange(3), np.array([0]), np.ones((3, 1)))
    >>> Regression([flat], np.array([1.0, 1.0, 0.0]), np.zeros(1)).fit(np.ones(3)).round(3).tolist()
    [0.693]
    """

    parts: Sequence[Part]
    labels: Floats
    penalty: Floats  # (n_all_terms,)

    def fit(self, used: Floats) -> Floats | None:
        """Return the weights of the terms, given how often each row counts; None without a minimum.

        A term of 1e12 that tells the labels apart leaves numbers of 64 bits no way to it.
        """
        weights = np.zeros(len(self.penalty))
        loss, slope, curve = self._at(weights, used)
        sizes = _scale(curve)
        for _ in range(MOST_STEPS):
            scale = _scale(curve)
            scaled = curve / np.outer(scale, scale) + _DAMPING * np.eye(len(scale))
            step = np.linalg.solve(scaled, slope / scale) / scale
            length = float(step @ slope)
            found = self._at(weights - step, used)
            while not found[0] <= loss + abs(loss) * 1e-12 and length > _NEAR:
                step, length = step / 2, length / 2
                found = self._at(weights - step, used)
            weights, (loss, slope, curve) = weights - step, found
            if not length > _NEAR:
                break
        return weights if (np.abs(slope / sizes) < _FLAT).all() else None

    def _at(self, weights: Floats, used: Floats) -> tuple[float, Floats, Floats]:
        """Return the penalised loss and its first and second derivatives."""
        loss = 0.5 * float(self.penalty @ weights**2)
        slope, curve = self.penalty * weights, np.diag(self.penalty)
        for part in self.parts:
            labels, counts = self.labels[part.rows], used[part.rows]
            odds = part.terms @ weights[part.places]
            chance = expit(odds)
            loss += float(counts @ (np.logaddexp(0.0, odds) - labels * odds))
            slope[part.places] += part.terms.T @ (counts * (chance - labels))
            bent = part.terms * (counts * chance * (1 - chance))[:, None]
            curve[np.ix_(part.places, part.places)] += part.terms.T @ bent
        return loss, slope, curve


def _scale(curve: Floats) -> Floats:
    """Return what makes the diagonal of the Hessian 1 where it is not 0."""
    scale = np.sqrt(curve.diagonal())
    return np.where(scale == 0, 1.0, scale)
