"""Blend of several pipelines: one classifier, weighted by rows that its members have not seen."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from spaceship.split.folds import inner_folds
from spaceship.task.spaceship_titanic.columns import ID

_SEEDS = ("random_state", "random_seed")  # names that libraries give to the seed
_ROUNDS = 100  # members that greedy selection draws, with replacement
_CLIP = 1e-6  # least distance from 0 and 1 of probabilities whose log-odds are taken

Estimator = Any  # scikit-learn's have no types
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Weights = tuple[list[float], float]
"""The weight of each member, and the intercept of the log-odds, 0 with `greedy`."""


class Method(StrEnum):
    """Ways in which a blend weighs its members.

    `stack` weighs log-odds by a logistic regression without negative weights, as Breiman's stacking
    does; `greedy` averages probabilities of members drawn one by one, with replacement, each the
    one that helps most (Caruana et al., "Ensemble selection from libraries of models", ICML 2004).
    """

    STACK = "stack"
    GREEDY = "greedy"


class Blend(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A weighted mean of members, in log-odds or in probability; see `Method`.

    `fit` predicts every row by members that were fitted on other groups, learns the weights from
    that, and then fits each member on all rows. Folds that score a blend are not among the inner
    ones, so they have no part in the weights. A member is the position of a preparation, which
    makes its columns and is fitted once a fold for all of its members, and an estimator, which is
    fitted once a bag with a seed of its own; the mean of the bags counts.

    >>> from sklearn.dummy import DummyClassifier
    >>> pair = Blend([pipeline[:-1]], [(0, pipeline[-1]), (0, DummyClassifier())], n_folds=2)
    >>> good, none = pair.fit(people.train, people.train.iloc[:, -1]).weights_
    >>> good > none
    True
    """

    def __init__(  # noqa: PLR0913 - scikit-learn wants every setting by name
        self,
        preparations: Sequence[object],
        members: Sequence[tuple[int, Estimator]],
        *,
        method: str = "stack",
        n_folds: int = 5,
        bags: int = 1,
        seed: int = 0,
    ) -> None:
        """Keep the parts; nothing is fitted."""
        self.preparations = preparations
        self.members = members
        self.method = method
        self.n_folds = n_folds
        self.bags = bags
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Learn the weights from inner folds, then fit every member on all rows."""
        truth, alone = np.asarray(y, dtype=bool), len(self.members) == 1
        folds = [] if alone else inner_folds(X[ID], truth, n_splits=self.n_folds, seed=self.seed)
        learners = [np.arange(len(X)), *(train for train, _ in folds)]
        # one after the other: members use the cores themselves, and OpenMP suffers under threads
        whole, *rest = (self._fit_members(X.iloc[rows], truth[rows]) for rows in learners)
        self.fitted_preparations_, self.fitted_members_ = whole
        unseen = np.zeros((len(X), len(self.members)))
        for (_, test), (preparations, members) in zip(folds, rest, strict=True):
            unseen[test] = _table(preparations, members, X.iloc[test])
        self.weights_, self.intercept_ = self._learn(unseen, truth)
        self.classes_ = np.array([False, True])
        return self

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probability of both classes, (n_rows, 2)."""
        check_is_fitted(self)
        table = _table(self.fitted_preparations_, self.fitted_members_, X)
        chance = _combined(self.method, table, self.weights_, self.intercept_)
        return np.column_stack([1 - chance, chance])

    def predict(self, X: pd.DataFrame) -> Bools:
        """Return the predicted label of each row, (n_rows,)."""
        return np.asarray(self.predict_proba(X)[:, 1] > 0.5)  # noqa: PLR2004 - one of two

    def _fit_members(
        self, X: pd.DataFrame, truth: Bools
    ) -> tuple[list[Estimator], list[Estimator]]:
        """Return preparations, and members as (position, bags), fitted on some rows."""
        preparations = [clone(one) for one in self.preparations]
        columns = [one.fit_transform(X, truth) for one in preparations]
        members = [
            (place, [one.fit(columns[place], truth) for one in _bagged(estimator, self.bags)])
            for place, estimator in self.members
        ]
        return preparations, members

    def _learn(self, table: Floats, truth: Bools) -> Weights:
        """Return weights and intercept that suit predictions of unseen rows."""
        if len(self.members) == 1:
            return [1.0], 0.0
        return _greedy(table, truth) if self.method == "greedy" else _stack(table, truth)


def _bagged(estimator: Estimator, bags: int) -> list[Estimator]:
    """Return copies of an estimator that differ in their seed."""
    copies = [clone(estimator) for _ in range(bags)]
    for name, first in estimator.get_params().items():
        if name.rpartition("__")[2] in _SEEDS:
            for bag, copy in enumerate(copies):
                copy.set_params(**{name: (first or 0) + bag})
    return copies


def _table(
    preparations: Sequence[Estimator], members: Sequence[Estimator], X: pd.DataFrame
) -> Floats:
    """Return each member's probability of True, (n_rows, n_members)."""
    columns = [one.transform(X) for one in preparations]
    chances = np.zeros((len(X), len(members)))
    for number, (place, bags) in enumerate(members):
        for bag in bags:
            chances[:, number] += bag.predict_proba(columns[place])[:, 1] / len(bags)
    return chances


def _combined(method: str, table: Floats, weights: Sequence[float], intercept: float) -> Floats:
    """Return the blend's probability, added up member by member: no row depends on others."""
    values = table if method == "greedy" else _log_odds(table)
    total = np.full(len(table), intercept)
    for number, weight in enumerate(weights):
        total += weight * values[:, number]
    return total if method == "greedy" else 1 / (1 + np.exp(-total))


def _log_odds(chances: Floats) -> Floats:
    clipped = np.clip(chances, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _stack(table: Floats, truth: Bools) -> Weights:
    """Return the non-negative weights and the intercept with the least log loss."""
    from scipy.optimize import minimize

    design = np.column_stack([_log_odds(table), np.ones(len(table))])
    sign = np.where(truth, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = sign * (design @ parameters)
        slope = -sign / (1 + np.exp(margin))
        return float(np.logaddexp(0, -margin).mean()), design.T @ slope / len(sign)

    n_members = table.shape[1]
    start = np.append(np.full(n_members, 1 / n_members), 0.0)
    bounds = [(0.0, None)] * n_members + [(None, None)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found[:-1].tolist(), float(found[-1])


def _greedy(table: Floats, truth: Bools) -> Weights:
    """Return how often each member is drawn, as a share; drawing stops where it helped most."""
    total, drawn = np.zeros(len(table)), []
    losses = []
    for number in range(1, _ROUNDS + 1):
        candidates = (total[:, None] + table) / number
        right = np.where(truth[:, None], candidates, 1 - candidates)
        each = -np.log(np.clip(right, _CLIP, None)).mean(axis=0)
        drawn.append(int(each.argmin()))
        losses.append(float(each.min()))
        total += table[:, drawn[-1]]
    best = drawn[: int(np.argmin(losses)) + 1]
    return [best.count(number) / len(best) for number in range(table.shape[1])], 0.0
