"""Linear models whose scores of a row have the same bits, whatever the rows beside it.

A matrix product takes another order of additions for one row than for many.
"""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = npt.NDArray[np.float64]


class RowLogisticRegression(LogisticRegression):  # type: ignore[misc]
    """Logistic regression of scikit-learn, scored row by row.

    >>> X = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
    >>> model = RowLogisticRegression().fit(X, [False, False, True, True])
    >>> model.predict(X).tolist()
    [False, False, True, True]
    """

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each row, (n_rows,), or a score of each of several classes."""
        check_is_fitted(self)
        scores = _scores(_checked(self, X), self.coef_, self.intercept_)
        return scores[:, 0] if scores.shape[1] == 1 else scores


class LinearRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Least squares with a penalty, on a target scaled to mean 0 and deviation 1.

    >>> X = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    >>> LinearRegressor(C=1e6).fit(X, [1.0, 3.0, 5.0]).predict(X).round(2).tolist()
    [1.0, 3.0, 5.0]
    """

    def __init__(
        self,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        solver: str = "lbfgs",
        max_iter: int = 1000,
    ) -> None:
        """Keep the settings; nothing is fitted."""
        self.solver = solver  # of the regression for classes; not used here
        self.C = C  # inverse of the penalty's strength
        self.l1_ratio = l1_ratio  # 0 = L2 penalty, 1 = L1
        self.max_iter = max_iter  # most steps of the solver

    def fit(self, X: pd.DataFrame, y: object) -> Self:
        """Fit the coefficients."""
        target = np.asarray(y, dtype=float)
        self.mean_, self.scale_ = float(target.mean()), float(target.std()) or 1.0
        if self.l1_ratio:
            penalty = 1 / (self.C * len(target))
            model = ElasticNet(alpha=penalty, l1_ratio=self.l1_ratio, max_iter=self.max_iter)
        else:
            model = Ridge(alpha=1 / self.C)
        self.model_ = model.fit(X, (target - self.mean_) / self.scale_)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the predicted number of each row, (n_rows,)."""
        check_is_fitted(self)
        model = self.model_
        scores = _scores(
            _checked(model, X), np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
        )
        return np.asarray(scores[:, 0] * self.scale_ + self.mean_)


def _checked(model: BaseEstimator, X: pd.DataFrame) -> Floats:
    """Return numbers (n_rows, n_columns); raise ValueError as scikit-learn does, but quicker."""
    values = np.asarray(X, dtype=np.float64)
    names, given = getattr(model, "feature_names_in_", None), getattr(X, "columns", None)
    same = names is None or given is None or np.array_equal(names, given)
    if not same or not np.isfinite(values).all():
        validate_data(model, X, reset=False)
    return values


def _scores(values: Floats, coefficients: Floats, intercept: Floats) -> Floats:
    """Return weighted sums of columns (n_rows, n_scores), added up one column after the other."""
    total = np.zeros((len(values), len(coefficients))) + intercept
    for column, weights in zip(values.T, coefficients.T, strict=True):
        total += column[:, None] * weights
    return total
