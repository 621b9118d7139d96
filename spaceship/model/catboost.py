"""CatBoost behind scikit-learn's interface, its categorical features found in the input."""

from typing import Any, Self

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier

MISSING = "missing"  # CatBoost takes no missing category: it is one of its own


class CategoryCatBoost(CatBoostClassifier):  # type: ignore[misc]
    """CatBoost that takes every `category` column of its input as a categorical feature.

    The library needs the names of the columns up front, refuses missing categories and cannot be
    cloned with a list among its parameters; `fit` and `predict` handle all three.

    >>> planet = pd.Series(["Earth", None, "Mars"] * 5, dtype="category")
    >>> model = CategoryCatBoost(iterations=2, silent=True, allow_writing_files=False)
    >>> model.fit(planet.to_frame("planet"), planet == "Mars").get_cat_feature_indices()
    [0]
    """

    def fit(self, X: pd.DataFrame, y: Any = None, **params: Any) -> Self:
        """Fit on a frame of floats and categories."""
        categories = X.select_dtypes("category").columns.tolist()
        super().fit(_filled(X), y, cat_features=categories, **params)
        return self

    def predict(self, data: pd.DataFrame, *args: object, **params: object) -> object:
        """Return the more likely class of each row, (n_rows,)."""
        return super().predict(_filled(data), *args, **params)

    def predict_proba(self, X: pd.DataFrame, *args: object, **params: object) -> np.ndarray:
        """Return the probability of both classes, (n_rows, 2)."""
        return np.asarray(super().predict_proba(_filled(X), *args, **params))

    def staged_predict_proba(self, data: pd.DataFrame, *args: object, **params: object) -> object:
        """Yield the probability of both classes after each tree."""
        return super().staged_predict_proba(_filled(data), *args, **params)


def _filled(X: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with categories as text without gaps."""
    categories = X.select_dtypes("category").columns
    return X.assign(**{name: X[name].astype("str").fillna(MISSING) for name in categories})
