"""Linear regression of numbers, with the settings of scikit-learn's logistic regression."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.utils.validation import check_is_fitted


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

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
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
        return np.asarray(self.model_.predict(X) * self.scale_ + self.mean_)
