"""Histogram gradient boosting of scikit-learn, with monotone constraints by name."""

from typing import ClassVar

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from spaceship.model.monotone import fit_with_present


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
    fit = fit_with_present(HistGradientBoostingClassifier)


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
    fit = fit_with_present(HistGradientBoostingRegressor)
