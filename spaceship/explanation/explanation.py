"""Explanation of one prediction: pushes of raw columns, nearest labelled rows, what if."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from spaceship.evaluation.cross_validation import decision_threshold
from spaceship.evaluation.metrics import decide
from spaceship.explanation._copies import Copies
from spaceship.explanation.contributions import contributions
from spaceship.explanation.nearest import distances
from spaceship.task.arrays import Estimator, Floats
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.task.written import Value, written


@dataclass(frozen=True)
class Push:
    """What one raw column adds to the prediction, by Shapley values."""

    column: str
    value: Value
    push: float
    error: float  # standard error over the draws
    by_class: Mapping[str, float] = field(default_factory=dict)  # of several classes


@dataclass(frozen=True)
class NearRow:
    """A labelled row that is like the row explained."""

    row: str
    distance: float  # 0 to 1
    label: Value
    predicted: Value
    value: float  # its probability of the explained class, or its number


@dataclass(frozen=True)
class WhatIf:
    """The prediction if some columns of the row had other values."""

    changes: Mapping[str, Value]
    predicted: Value
    value: float


@dataclass(frozen=True)
class Explanation:
    """Why a model predicts what it does for a row: `base` and all pushes add up to `value`."""

    row: str
    predicted: Value
    explains: str  # in words: the probability of a class, or the number
    value: float
    base: float  # mean prediction of the background rows
    draws: int  # random orders of the columns
    pushes: Sequence[Push]  # the strongest first
    nearest: Sequence[NearRow]  # the nearest first
    what_if: WhatIf | None
    by_class: Mapping[str, float]  # probabilities of several classes
    base_by_class: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Explainer:
    """A fitted pipeline and the labelled rows that its predictions are compared with.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> made = Explainer(fitted, people.train, task, draws=20).explain(people.test, 7)
    >>> abs(made.base + sum(one.push for one in made.pushes) - made.value) < 1e-9
    True
    """

    pipeline: Estimator
    labelled: pd.DataFrame  # typed
    task: Task
    nearest: int = 5
    draws: int = 200
    seed: int = 0

    def explain(
        self, rows: pd.DataFrame, at: int, changed: pd.DataFrame | None = None
    ) -> Explanation:
        """Return the explanation of the row at a position of typed rows, those of its group.

        `changed` are the same rows with other values in this row: what if it were so?
        """
        task = self.task
        found = contributions(
            self.pipeline, rows, self.labelled, task, at=[at], draws=self.draws, seed=self.seed
        )
        whole = found.predictions[0]
        shown = int(whole.argmax()) if task.problem is Problem.MULTICLASS else 0
        pushes = [
            Push(
                column,
                written(rows[column].iloc[at], task.raw[column]),
                float(found.values[0, place, shown]),
                float(found.errors[0, place, shown]),
                self._by_class(found.values[0, place]),
            )
            for place, column in enumerate(found.columns)
        ]
        return Explanation(
            row=str(task.names(rows).iloc[at]),
            predicted=self._label(whole),
            explains=self._explains(shown),
            value=float(whole[shown]),
            base=float(found.base[shown]),
            draws=found.draws,
            pushes=sorted(pushes, key=lambda one: -abs(one.push)),
            nearest=self._nearest(rows, at, shown),
            what_if=None if changed is None else self._what_if(rows, changed, at, shown),
            by_class=self._by_class(whole),
            base_by_class=self._by_class(found.base),
        )

    def _nearest(self, rows: pd.DataFrame, at: int, shown: int) -> list[NearRow]:
        task, row = self.task, rows.iloc[[at]]
        apart = distances(row, self.labelled, task)
        if rows is self.labelled:
            apart[at] = np.inf
        places = np.argsort(apart, kind="stable")[: min(self.nearest, np.isfinite(apart).sum())]
        if not len(places):
            return []
        names, labels = task.names(self.labelled), self.labelled[task.label]
        values = Copies.of(self.pipeline, row, self.labelled, task).predict_rows(1 + places)
        return [
            NearRow(
                str(names.iloc[place]),
                float(apart[place]),
                self.spelt(labels.iloc[place]),
                self._label(value),
                float(value[shown]),
            )
            for place, value in zip(places.tolist(), values, strict=True)
        ]

    def _what_if(self, rows: pd.DataFrame, changed: pd.DataFrame, at: int, shown: int) -> WhatIf:
        raw = self.task.raw
        old, new = (
            {name: written(frame[name].iloc[at], one) for name, one in raw.items()}
            for frame in (rows, changed)
        )
        changes = {name: new[name] for name in new if new[name] != old[name]}
        copies = Copies.of(self.pipeline, changed, self.labelled.head(0), self.task)
        value = copies.predict_rows(np.array([at]))[0]
        return WhatIf(changes, self._label(value), float(value[shown]))

    def _label(self, values: Floats) -> Value:
        one = values[None] if self.task.problem is Problem.MULTICLASS else values
        decided = decide(one, self.task.problem, decision_threshold(self.pipeline))
        return written(self.task.spelt(decided)[0])

    def spelt(self, label: object) -> Value:
        """Return a label of typed rows in its own spelling."""
        if self.task.problem is Problem.BINARY:
            return written(self.task.spelt(np.array([label]))[0])
        return written(label)

    def _explains(self, shown: int) -> str:
        task = self.task
        if not task.is_classification:
            return task.label
        name = task.positive if task.problem is Problem.BINARY else task.classes[shown]
        return f"probability of {task.label} {name}"

    def _by_class(self, values: Floats) -> dict[str, float]:
        if self.task.problem is not Problem.MULTICLASS:
            return {}
        return dict(zip(self.task.classes, values.tolist(), strict=True))
