"""LightGBM on frames of numbers and categories, without the checks of scikit-learn's interface.

These take two milliseconds a call, the trees of one row twenty microseconds.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from lightgbm import LGBMClassifier, LGBMModel, LGBMRegressor

from spaceship.model.distributed import grow

Floats = npt.NDArray[np.float64]

_FEW = 1000  # rows below which a second thread costs more than it gains


class FrameLGBMClassifier(LGBMClassifier):  # type: ignore[misc]
    """LightGBM for classes; predictions of a frame have the bits of `LGBMClassifier`.

    >>> planet = pd.Series(["Earth", None, "Mars"] * 9, dtype="category").to_frame("planet")
    >>> model = FrameLGBMClassifier(n_estimators=2, verbose=-1).fit(planet, [0, 1, 2] * 9)
    >>> (model.predict_proba(planet) == LGBMClassifier.predict_proba(model, planet)).all()
    np.True_
    """

    takes_matrix = True

    def predict(self, X: Any, **params: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each row, (n_rows,)."""
        if params or not isinstance(X, pd.DataFrame | np.ndarray):
            return np.asarray(super().predict(X, **params))
        found: npt.NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return found

    def fit(self, X: object, y: object, **params: object) -> Self:
        """Fit by this process, or by a cluster in use."""
        return self if not params and grow(self, X, y) else super().fit(X, y, **params)

    def predict_proba(self, X: Any, **params: Any) -> Floats:
        """Return the probability of each class, (n_rows, n_classes)."""
        if params or not isinstance(X, pd.DataFrame | np.ndarray):
            return np.asarray(super().predict_proba(X, **params))
        if not len(X):
            return np.empty((0, len(self.classes_)))
        found = _predict(self, X)
        return found if found.ndim > 1 else np.vstack((1.0 - found, found)).transpose()


class FrameLGBMRegressor(LGBMRegressor):  # type: ignore[misc]
    """LightGBM for numbers; predictions of a frame have the bits of `LGBMRegressor`.

    >>> size = pd.DataFrame({"size": np.arange(40.0)})
    >>> model = FrameLGBMRegressor(n_estimators=2, verbose=-1).fit(size, size["size"])
    >>> (model.predict(size) == LGBMRegressor.predict(model, size)).all()
    np.True_
    """

    takes_matrix = True

    def fit(self, X: object, y: object, **params: object) -> Self:
        """Fit by this process, or by a cluster in use."""
        return self if not params and grow(self, X, y) else super().fit(X, y, **params)

    def predict(self, X: Any, **params: Any) -> Floats:
        """Return the number of each row, (n_rows,)."""
        if params or not isinstance(X, pd.DataFrame | np.ndarray):
            return np.asarray(super().predict(X, **params))
        return _predict(self, X)


def _predict(model: LGBMModel, X: pd.DataFrame | Floats) -> Floats:
    """Return what the trees say of each row; threads are those of OpenMP, not of the training.

    In a matrix, categories are numbers already.
    """
    threads = 1 if len(X) < _FEW else 0
    booster = model.booster_
    if isinstance(X, pd.DataFrame):
        X = _matrix(X, booster.pandas_categorical)
    return np.asarray(booster.predict(X, num_threads=threads))


def _matrix(X: pd.DataFrame, categories: list[list[str]]) -> Floats:
    """Return a frame as float64, each category as its number among those of the training."""
    plain, known = X.copy(deep=False), iter(categories)
    for place, dtype in enumerate(X.dtypes):
        if isinstance(dtype, pd.CategoricalDtype):
            column, learnt = X.iloc[:, place].array, next(known)
            if dtype.categories.tolist() != learnt:
                column = column.set_categories(learnt)
            codes = column.codes.astype(np.float64)
            codes[codes < 0] = np.nan
            plain.isetitem(place, codes)
    return plain.to_numpy(np.float64)
