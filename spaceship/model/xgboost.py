"""XGBoost with monotone constraints by name, and for several classes of which some are missing."""

from typing import Any, ClassVar, Self

import numpy as np
from xgboost import XGBClassifier, XGBRegressor

from spaceship.model.monotone import fit_with_present


class FrameXGBClassifier(XGBClassifier):  # type: ignore[misc]
    """The library's classifier, whose `monotone_constraints` may name columns that are not there.

    >>> from numpy import diff
    >>> from pandas import DataFrame
    >>> ages = DataFrame({"age": range(40)})
    >>> model = FrameXGBClassifier(n_estimators=9, monotone_constraints={"age": 1, "fee": -1})
    >>> bool((diff(model.fit(ages, [0, 1, 0, 1] * 10).predict_proba(ages)[:, 1]) >= 0).all())
    True
    """

    monotone: ClassVar[str] = "monotone_constraints"
    fit = fit_with_present(XGBClassifier)


class FrameXGBRegressor(XGBRegressor):  # type: ignore[misc]
    """The library's regressor, likewise.

    >>> from numpy import diff
    >>> from pandas import DataFrame
    >>> ages = DataFrame({"age": range(40)})
    >>> model = FrameXGBRegressor(n_estimators=9, monotone_constraints={"age": -1})
    >>> bool((diff(model.fit(ages, [0, 1, 2, 3] * 10).predict(ages)) <= 0).all())
    True
    """

    monotone: ClassVar[str] = "monotone_constraints"
    fit = fit_with_present(XGBRegressor)


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
