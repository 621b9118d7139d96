"""Pipelines as they are stored: a frame without rows has no predictions instead of an error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from spaceship.model.prepared import Prepared, Rows, columns_read
from spaceship.task.column_types import Column


class Served(Pipeline):  # type: ignore[misc]
    """A fitted pipeline that takes frames of any number of rows.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"x": [1.0, 2.0]})
    >>> from sklearn.dummy import DummyClassifier
    >>> fitted = Pipeline([("estimator", DummyClassifier().fit(rows, [True, False]))])
    >>> served(fitted).predict_proba(rows.head(0)).shape
    (0, 2)
    """

    @property
    def reads(self) -> Mapping[str, Column] | None:
        """The columns of which `TypedRows` do in place of a frame; None if only a frame does."""
        return columns_read(self.steps[0][1])

    def predict(self, X: Rows, **params: Any) -> np.ndarray:
        """Return the prediction of each row, (n_rows,)."""
        if len(X):
            return np.asarray(self.steps[-1][1].predict(self._prepared(X), **params))
        return np.empty(0, dtype=np.asarray(getattr(self, "classes_", 0.0)).dtype)

    @available_if(lambda self: hasattr(self.steps[-1][1], "predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Rows, **params: Any) -> np.ndarray:
        """Return the probability of each class, (n_rows, n_classes)."""
        if len(X):
            return np.asarray(self.steps[-1][1].predict_proba(self._prepared(X), **params))
        return np.empty((0, len(self.classes_)))

    def _prepared(self, X: Rows) -> object:
        """Return what the last step takes, without the checks of `Pipeline` at each call."""
        steps = [step for _, step in self.steps[:-1] if step not in {None, "passthrough"}]
        return Prepared(steps, X).input_of(self.steps[-1][1])


def served(pipeline: Pipeline) -> Served:
    """Return a fitted pipeline as it is stored, its steps shared.

    >>> served(pipeline).steps is pipeline.steps
    True
    """
    return Served(pipeline.steps)
