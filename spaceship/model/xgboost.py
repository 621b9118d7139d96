"""XGBoost for several classes, of which some may be missing from the rows it learns from."""

from typing import Any, Self

import numpy as np
from xgboost import XGBClassifier


class SomeClasses(XGBClassifier):  # type: ignore[misc]
    """XGBoost for numbers of classes with gaps, which the library refuses.

    >>> rows = np.array([[1.0], [2.0], [3.0]] * 5)
    >>> model = SomeClasses(n_estimators=2).fit(rows, [0, 2, 3] * 5)
    >>> model.classes_.tolist(), model.predict_proba(rows).shape
    ([0, 2, 3], (15, 3))
    """

    def fit(self, X: object, y: object, **params: object) -> Self:
        """Fit on numbers without gaps."""
        known, codes = np.unique(np.asarray(y), return_inverse=True)
        self.known_ = np.arange(len(known))  # what the library expects to find
        super().fit(X, codes, **params)
        self.known_ = known
        return self

    def predict(self, X: Any, **params: Any) -> np.ndarray:
        """Return the likeliest class of each row, (n_rows,)."""
        return np.asarray(self.known_[super().predict(X, **params)])

    @property
    def classes_(self) -> np.ndarray:
        """The numbers of the classes in the rows learnt from."""
        return self.known_
