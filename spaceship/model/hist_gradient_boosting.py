"""Histogram gradient boosting of scikit-learn, with monotone constraints by name."""

from typing import Any, ClassVar, Self

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from spaceship.model.monotone import keep_present


class FrameHGBClassifier(HistGradientBoostingClassifier):  # type: ignore[misc]
    """The library's classifier, whose `monotonic_cst` may name columns that are not there.

    >>> from numpy import diff
    >>> from pandas import DataFrame
    >>> ages = DataFrame({"age": range(40)})
    >>> model = FrameHGBClassifier(monotonic_cst={"age": 1, "fee": -1})
    >>> bool((diff(model.fit(ages, [0, 1, 0, 1] * 10).predict_proba(ages)[:, 1]) >= 0).all())
    True
    """

    monotone: ClassVar[str] = "monotonic_cst"

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit with the constraints of the columns that are there."""
        keep_present(self, X)
        return super().fit(X, y, **params)  # type: ignore[no-any-return]


class FrameHGBRegressor(HistGradientBoostingRegressor):  # type: ignore[misc]
    """The library's regressor, likewise.

    >>> from numpy import diff
    >>> from pandas import DataFrame
    >>> ages = DataFrame({"age": range(40)})
    >>> model = FrameHGBRegressor(monotonic_cst={"age": -1})
    >>> bool((diff(model.fit(ages, [0, 1, 2, 3] * 10).predict(ages)) <= 0).all())
    True
    """

    monotone: ClassVar[str] = "monotonic_cst"

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit with the constraints of the columns that are there."""
        keep_present(self, X)
        return super().fit(X, y, **params)  # type: ignore[no-any-return]
