"""LightGBM on frames of numbers and categories, without the checks of scikit-learn's interface.

These take two milliseconds a call, the trees of one row twenty microseconds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from lightgbm import LGBMClassifier, LGBMModel, LGBMRegressor, early_stopping

from spaceship.model.coded import Coded
from spaceship.model.distributed import grow, growing_workers
from spaceship.model.monotone import keep_present
from spaceship.task.arrays import Floats, Target

_FEW = 1000  # rows below which a second thread costs more than it gains


class _Frames:
    """LightGBM that is fitted on a frame, its constraints by column name."""

    takes_coded = True
    monotone: ClassVar[str] = "monotone_constraints"

    def fit(self, X: object, y: object, **params: object) -> Self:
        """Fit by this process, or by a cluster in use."""
        with _by_place(self, X):
            if not params and grow(self, X, y):
                return self
            super().fit(X, y, **params)  # type: ignore[misc]
            return self

    def fit_watched(
        self, X: pd.DataFrame, y: Target, others: tuple[pd.DataFrame, Target], patience: int
    ) -> int:
        """Fit until `patience` rounds in a row have not lowered the model's own loss on `others`.

        Return the number up to the lowest; workers of a cluster fit every round.

        >>> few, same = pd.DataFrame({"size": [1.0, 2.0, 3.0] * 20}), np.arange(60) % 3 == 0
        >>> FrameLGBMClassifier(n_estimators=99, verbose=-1).fit_watched(few, same, (few, ~same), 2)
        1
        """
        if growing_workers():
            return int(self.fit(X, y).n_estimators)  # type: ignore[attr-defined]
        self.set_params(metric=None)  # type: ignore[attr-defined]
        seen, truth = others
        if isinstance(self, LGBMClassifier):  # which numbers the classes that it learns
            truth = np.searchsorted(np.unique(y), truth)
        self.fit(
            X, y, eval_X=seen, eval_y=truth, callbacks=[early_stopping(patience, verbose=False)]
        )
        return int(self.booster_.current_iteration())  # type: ignore[attr-defined]


class FrameLGBMClassifier(_Frames, LGBMClassifier):  # type: ignore[misc]
    """LightGBM for classes; predictions of a frame have the bits of `LGBMClassifier`.

    >>> planet = pd.Series(["Earth", None, "Mars"] * 9, dtype="category").to_frame("planet")
    >>> model = FrameLGBMClassifier(n_estimators=2, verbose=-1).fit(planet, [0, 1, 2] * 9)
    >>> (model.predict_proba(planet) == LGBMClassifier.predict_proba(model, planet)).all()
    np.True_
    """

    def predict(self, X: Any, **params: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each row, (n_rows,)."""
        if params or not isinstance(X, pd.DataFrame | Coded):
            with _by_place(self):
                return np.asarray(super().predict(X, **params))
        found: npt.NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return found

    def predict_proba(self, X: Any, **params: Any) -> Floats:
        """Return the probability of each class, (n_rows, n_classes)."""
        if params or not isinstance(X, pd.DataFrame | Coded):
            with _by_place(self):
                return np.asarray(super().predict_proba(X, **params))
        if not len(X):
            return np.empty((0, len(self.classes_)))
        found = _predict(self, X)
        return found if found.ndim > 1 else np.vstack((1.0 - found, found)).transpose()

    def decision_function(self, X: Any, **params: Any) -> Floats:
        """Return the log-odds of each row, (n_rows,), or of each class, as calibration has them."""
        with _by_place(self):
            return np.asarray(super().decision_function(X, **params))


class FrameLGBMRegressor(_Frames, LGBMRegressor):  # type: ignore[misc]
    """LightGBM for numbers; predictions of a frame have the bits of `LGBMRegressor`.

    >>> size = pd.DataFrame({"size": np.arange(40.0)})
    >>> model = FrameLGBMRegressor(n_estimators=2, verbose=-1).fit(size, size["size"])
    >>> (model.predict(size) == LGBMRegressor.predict(model, size)).all()
    np.True_
    """

    def predict(self, X: Any, **params: Any) -> Floats:
        """Return the number of each row, (n_rows,)."""
        if params or not isinstance(X, pd.DataFrame | Coded):
            with _by_place(self):
                return np.asarray(super().predict(X, **params))
        return _predict(self, X)


@contextmanager
def _by_place(model: LGBMModel, X: object = None) -> Iterator[None]:
    """Give a model its constraints by the place of a column while the library reads them.

    Without the rows to fit on they are left out: predictions need none.
    """
    given = model.get_params(deep=False).get("monotone_constraints")
    if not isinstance(given, Mapping) or not isinstance(X, pd.DataFrame | None):
        yield
        return
    found, places = given, None
    if X is not None:
        found = keep_present(model, X) or {}
        places = [found.get(name, 0) for name in X.columns]
    model.set_params(monotone_constraints=places)
    try:
        yield
    finally:
        model.set_params(monotone_constraints=found)


def _predict(model: LGBMModel, X: pd.DataFrame | Coded) -> Floats:
    """Return what the trees say of each row; threads are those of OpenMP, not of the training."""
    threads = 1 if len(X) < _FEW else 0
    booster = model.booster_
    known = booster.pandas_categorical
    matrix = X.values if isinstance(X, Coded) else _matrix(X, known)
    return np.asarray(booster.predict(matrix, num_threads=threads))


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
