"""Blend of several pipelines: one model, weighted by rows that its members have not seen."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from spaceship.evaluation.cross_validation import predict
from spaceship.evaluation.metrics import decide
from spaceship.model.blend_weights import Method, Weights, combined, learnt
from spaceship.model.prepared import Prepared, Rows, columns_read
from spaceship.model.rounds import Iterations, Split, folds_for_rounds, loss_by_rounds, split
from spaceship.progress import Phase, phase
from spaceship.split.folds import Fold, inner_folds
from spaceship.task.arrays import Estimator, Floats, Target
from spaceship.task.column_types import Column
from spaceship.task.label import Problem
from spaceship.task.task import Task

_SEEDS = ("random_state", "random_seed")  # names that libraries give to the seed


class Blend(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A weighted mean of members; see `Method`.

    `fit` predicts every row by members that were fitted on other groups, learns the weights from
    that, and then fits each member on all rows. Folds that score a blend are not among the inner
    ones, so they have no part in the weights. A member is the position of a preparation, which
    makes its columns and is fitted once a fold for all of its members, and an estimator, which is
    fitted once a bag with a seed of its own; the mean of the bags counts. Their number is that of
    all members, or one for each. A member's number of rounds may be chosen by inner folds, once for
    all its bags.

    >>> from sklearn.dummy import DummyClassifier
    >>> pair = [(0, pipeline[-1]), (0, DummyClassifier())]
    >>> blend = Blend([pipeline[:-1]], pair, task.to_plain(), n_folds=2)
    >>> good, none = blend.fit(people.train, people.train.iloc[:, -1]).weights_
    >>> good > none
    True
    """

    def __init__(  # noqa: PLR0913 - scikit-learn wants every setting by name
        self,
        preparations: Sequence[object],
        members: Sequence[tuple[int, Estimator]],
        task: Mapping[str, object],
        *,
        method: str = "stack",
        n_folds: int = 5,
        bags: int | Sequence[int] = 1,
        iterations: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self.preparations = preparations
        self.members = members
        self.task = task  # as `Task.to_plain` describes it
        self.method = method
        self.n_folds = n_folds
        self.bags = bags
        self.iterations = iterations  # of each member, see `Iterations`; None: all fixed
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Learn the weights from inner folds, then fit every member on all rows."""
        task, target = self._task, np.asarray(y)
        target = target.astype(bool) if task.problem is Problem.BINARY else target
        folds: list[Fold] = []
        if self._weighs:
            groups = task.group_names(X)
            folds = inner_folds(groups, target, task, n_splits=self.n_folds, seed=self.seed)
        learners = [np.arange(len(X)), *(train for train, _ in folds)]
        # one after the other: members use the cores themselves, and OpenMP suffers under threads
        with phase("Members of the blend", len(learners) * len(self.members)) as steps:
            whole, *rest = (
                self._fit_members(X.iloc[rows], target[rows], steps) for rows in learners
            )
        self.fitted_preparations_, self.fitted_members_ = whole
        several = (len(task.classes),) if task.problem is Problem.MULTICLASS else ()
        unseen = np.zeros((len(X), len(self.members), *several))
        for (_, test), (preparations, members) in zip(folds, rest, strict=True):
            unseen[test] = _table(preparations, members, X.iloc[test], task)
        self.weights_, self.intercept_ = self._learn(unseen, target)
        self.classes_ = np.arange(len(task.classes)) if several else np.array([False, True])
        return self

    def predict_proba(self, X: Rows) -> Floats:
        """Return the probability of each class, (n_rows, n_classes)."""
        chance = self._combined(X)
        return chance if chance.ndim > 1 else np.column_stack([1 - chance, chance])

    def predict(self, X: Rows) -> Target:
        """Return the predicted label of each row, (n_rows,)."""
        return decide(self._combined(X), self._task.problem)

    @property
    def reads(self) -> Mapping[str, Column] | None:
        """The columns of which `TypedRows` do in place of a frame; None if only a frame does."""
        found = [columns_read(_steps(one)[0]) for one in self.fitted_preparations_]
        several = [one for one in found if one is not None]
        read = {name: column for one in several for name, column in one.items()}
        alike = all(read[name].type is x.type for one in several for name, x in one.items())
        return read if alike and len(several) == len(found) else None

    @property
    def _task(self) -> Task:
        """The task; a blend of an earlier release has none and predicts True or False."""
        return Task.read(getattr(self, "task", None) or _BINARY)

    @property
    def _bags(self) -> list[int]:
        """The number of fits of each member."""
        given = self.bags
        return [given] * len(self.members) if isinstance(given, int) else list(given)

    @property
    def _weighs(self) -> bool:
        return len(self.members) > 1 and self.method != Method.MEAN

    def _combined(self, X: Rows) -> Floats:
        check_is_fitted(self)
        task = self._task
        table = _table(self.fitted_preparations_, self.fitted_members_, X, task)
        return combined(self.method, table, (self.weights_, self.intercept_), task.problem)

    def _fit_members(
        self, X: pd.DataFrame, target: Target, steps: Phase
    ) -> tuple[list[Estimator], list[Estimator]]:
        """Return preparations, and members as (position, bags), fitted on some rows."""
        preparations = [clone(one) for one in self.preparations]
        columns = [one.fit_transform(X, target) for one in preparations]
        members = []
        chosen = self._choose_rounds(X, target)
        for (place, estimator), number, rounds in zip(
            self.members, self._bags, chosen, strict=True
        ):
            copies = _bagged(clone(estimator).set_params(**rounds), number)
            members.append((place, [one.fit(columns[place], target) for one in copies]))
            steps.advance()
        return preparations, members

    def _choose_rounds(self, X: pd.DataFrame, target: Target) -> list[dict[str, int]]:
        """Return the parameter of each member whose number of rounds inner folds choose."""
        given = self.iterations or [Iterations.FIXED] * len(self.members)
        used = [Iterations(one).n_used(self.n_folds) for one in given]
        most, draw = max(used), (self.n_folds, self.seed)
        folds = folds_for_rounds(X, target, self._task, most, draw) if most else []

        @cache  # members with the same columns share a split
        def prepared(place: int, fold: int) -> Split:
            return split(clone(self.preparations[place]), X, target, folds[fold])

        found = []
        for (place, estimator), number in zip(self.members, used, strict=True):
            chosen = dict[str, int]()
            if number and folds:
                splits = (prepared(place, fold) for fold in range(number))
                key, losses = loss_by_rounds(estimator, splits, self._task, alone=number == 1)
                chosen = {key: min(losses, key=lambda rounds: losses[rounds])}
            found.append(chosen)
        return found

    def _learn(self, table: Floats, target: Target) -> Weights:
        """Return weights and intercept that suit predictions of unseen rows."""
        if not self._weighs:
            return [number / sum(self._bags) for number in self._bags], 0.0
        return learnt(self.method, table, target, self._task.problem)


def _bagged(estimator: Estimator, bags: int) -> list[Estimator]:
    """Return copies of an estimator that differ in their seed."""
    copies = [clone(estimator) for _ in range(bags)]
    for name, first in estimator.get_params().items():
        if name.rpartition("__")[2] in _SEEDS:
            for bag, copy in enumerate(copies):
                copy.set_params(**{name: (first or 0) + bag})
    return copies


def _steps(preparation: Estimator) -> list[Estimator]:
    """Return the steps of a preparation, which is a pipeline or one transformer."""
    whole = isinstance(preparation, Pipeline)
    return [step for _, step in preparation.steps] if whole else [preparation]


def _table(
    preparations: Sequence[Estimator], members: Sequence[Estimator], X: Rows, task: Task
) -> Floats:
    """Return each member's predictions, (n_rows, n_members) or (n_rows, n_members, n_classes)."""
    prepared = [Prepared(_steps(one), X) for one in preparations]
    found = []
    for place, bags in members:
        total: Any = 0.0
        for bag in bags:
            total = total + predict(bag, prepared[place].input_of(bag), task) / len(bags)
        found.append(total)
    return np.stack(found, axis=1)


_BINARY = {"problem": "binary", "label": "label", "positive": "True", "columns": {"any": "text"}}
