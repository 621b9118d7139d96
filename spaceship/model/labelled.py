"""Pipelines that predict a label in its own values, such as `churned`, instead of numbers."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from spaceship.task.arrays import Estimator
from spaceship.task.task import Task


class Labelled(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose predictions are spelt as in the training file.

    >>> from sklearn.dummy import DummyClassifier
    >>> rows = pd.DataFrame({"x": [1.0, 2.0]})
    >>> Labelled(DummyClassifier().fit(rows, [True, True]), ("no", "yes")).predict(rows).tolist()
    ['yes', 'yes']
    """

    def __init__(self, classifier: Estimator, classes: Sequence[str]) -> None:
        self.classifier = classifier
        self.classes = classes

    def fit(self, X: pd.DataFrame, y: object) -> Self:
        """Fit the classifier; `y` holds booleans or numbers of classes."""
        self.classifier.fit(X, y)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the predicted label of each row in its own values, (n_rows,)."""
        numbers = np.asarray(self.classifier.predict(X)).astype(int)
        return np.take(np.asarray(self.classes, dtype=object), numbers)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of each class, (n_rows, n_classes)."""
        return np.asarray(self.classifier.predict_proba(X))

    @property
    def classes_(self) -> Any:
        """The numbers of the classes that the classifier has learnt."""
        return self.classifier.classes_

    @property
    def threshold_(self) -> float:
        """The probability above which True is predicted."""
        last = self.classifier[-1] if isinstance(self.classifier, Pipeline) else self.classifier
        return float(getattr(last, "threshold_", 0.5))

    def __sklearn_is_fitted__(self) -> bool:
        return True


def labelled(pipeline: Estimator, task: Task) -> Any:
    """Return a pipeline that predicts the label's own values, itself if they are True and False.

    >>> labelled(pipeline, task) is pipeline
    True
    """
    if not task.is_classification or task.label_values == ("False", "True"):
        return pipeline
    return Labelled(pipeline, list(task.label_values))
