"""Pipelines as they are stored: a frame without rows has no predictions instead of an error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from spaceship.model.encoding import CategoryEncoder
from spaceship.task.column_types import Column
from spaceship.task.feature_set import FeatureSet, as_frame
from spaceship.task.typed_rows import TypedRows

Rows = pd.DataFrame | TypedRows


class Served(Pipeline):  # type: ignore[misc]
    """A fitted pipeline that takes frames of any number of rows.

    >>> rows = pd.DataFrame({"x": [1.0, 2.0]})
    >>> from sklearn.dummy import DummyClassifier
    >>> fitted = Pipeline([("estimator", DummyClassifier().fit(rows, [True, False]))])
    >>> served(fitted).predict_proba(rows.head(0)).shape
    (0, 2)
    """

    @property
    def reads(self) -> Mapping[str, Column] | None:
        """The columns of which `TypedRows` do in place of a frame; None if only a frame does."""
        first = self.steps[0][1]
        return first.columns if isinstance(first, FeatureSet) and first.takes_rows else None

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
        """Return what the last step takes, without the checks of `Pipeline` at each call.

        An estimator that takes a matrix has one, without a frame on the way.
        """
        steps = [step for _, step in self.steps[:-1] if step not in {None, "passthrough"}]
        if steps and isinstance(steps[0], FeatureSet):
            columns, *steps = steps[0].build(X), *steps[1:]
            takes_matrix = getattr(self.steps[-1][1], "takes_matrix", False)
            if takes_matrix and steps and isinstance(steps[0], CategoryEncoder):
                return steps[0].matrix(columns)
            X = as_frame(columns, pd.RangeIndex(len(X)) if isinstance(X, TypedRows) else X.index)
        for step in steps:
            X = step.transform(X)
        return X


def served(pipeline: Pipeline) -> Served:
    """Return a fitted pipeline as it is stored, its steps shared.

    >>> served(pipeline).steps is pipeline.steps
    True
    """
    return Served(pipeline.steps)
