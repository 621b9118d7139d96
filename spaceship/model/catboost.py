"""CatBoost behind scikit-learn's interface, its categorical features found in the input."""

from typing import Any, Self

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostError, CatBoostRegressor, FeaturesData, Pool

from spaceship.model.coded import Coded
from spaceship.task.arrays import Target

MISSING = "missing"  # CatBoost takes no missing category: it is one of its own


class _Categories:
    """CatBoost that takes every `category` column of its input as a categorical feature.

    The library needs the names of the columns up front, refuses missing categories and cannot be
    cloned with a list among its parameters; `fit` and `predict` handle all three. One thread
    predicts: 10,000 rows take it milliseconds, less than their features.
    """

    takes_coded = True

    def fit(self, X: pd.DataFrame, y: object = None, **params: object) -> Self:
        """Fit on a frame of floats and categories; raise ValueError on what cannot be learnt."""
        categories = X.select_dtypes("category").columns.tolist()
        try:
            super().fit(_filled(X), y, cat_features=categories, **params)  # type: ignore[misc]
        except CatBoostError as error:  # such as a target of one value
            raise ValueError(str(error)) from error
        return self

    def fit_watched(
        self, X: pd.DataFrame, y: object, others: tuple[pd.DataFrame, Target], patience: int
    ) -> int:
        """Fit until `patience` trees in a row have not lowered the loss on `others`.

        Return the number up to the lowest. `eval_metric`, if it is set, stands for the loss.

        >>> few, same = pd.DataFrame({"size": [1.0, 2.0, 3.0]}), [0, 1, 1]
        >>> model = CategoryCatBoost(iterations=99, silent=True, allow_writing_files=False)
        >>> model.fit_watched(few, same, (few, ~np.array(same, dtype=bool)), 2)
        1
        """
        self.fit(X, y, eval_set=(_filled(others[0]), others[1]), early_stopping_rounds=patience)
        return int(self.tree_count_)  # type: ignore[attr-defined]

    def predict(self, data: pd.DataFrame | Coded, *args: object, **params: object) -> Any:
        """Return the more likely class, or the number, of each row, (n_rows,)."""
        params = {"thread_count": 1, **params}
        return np.ravel(super().predict(_pool(data), *args, **params))  # type: ignore[misc]


class CategoryCatBoost(_Categories, CatBoostClassifier):  # type: ignore[misc]
    """CatBoost for classes.

    >>> planet = pd.Series(["Earth", None, "Mars"] * 5, dtype="category")
    >>> model = CategoryCatBoost(iterations=2, silent=True, allow_writing_files=False)
    >>> model.fit(planet.to_frame("planet"), planet == "Mars").get_cat_feature_indices()
    [0]
    """

    def predict_proba(self, X: pd.DataFrame | Coded, *args: object, **params: object) -> np.ndarray:
        """Return the probability of each class, (n_rows, n_classes)."""
        params = {"thread_count": 1, **params}
        return np.asarray(super().predict_proba(_pool(X), *args, **params))

    def staged_predict_proba(
        self, data: pd.DataFrame | Coded, *args: object, **params: object
    ) -> object:
        """Yield the probability of each class after each tree."""
        return super().staged_predict_proba(_pool(data), *args, **params)


class CategoryCatBoostRegressor(_Categories, CatBoostRegressor):  # type: ignore[misc]
    """CatBoost for numbers.

    >>> model = CategoryCatBoostRegressor(iterations=2, silent=True, allow_writing_files=False)
    >>> _ = model.fit(pd.DataFrame({"size": [1.0, 2.0, 3.0]}), [4.0, 5.0, 6.0])
    >>> model.predict(pd.DataFrame({"size": [2.0]})).round()
    array([5.])
    """

    def staged_predict(self, data: pd.DataFrame, *args: object, **params: object) -> object:
        """Yield the predicted numbers after each tree."""
        return super().staged_predict(_pool(data), *args, **params)


def _filled(X: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with categories as text without gaps."""
    categories = X.select_dtypes("category").columns
    return X.assign(**{name: X[name].astype("str").fillna(MISSING) for name in categories})


def _pool(X: pd.DataFrame | Coded) -> Pool:
    """Return rows to predict as the library has them, which finds the columns by name."""
    coded = X if isinstance(X, Coded) else Coded.of(X)
    if "pool" not in coded.forms:  # several fits of a blend share one
        coded.forms["pool"] = _made_pool(coded)
    return coded.forms["pool"]


def _made_pool(coded: Coded) -> Pool:
    names = [name for name in coded.names if name not in coded.levels]
    texts = [name for name in coded.names if name in coded.levels]
    place = {name: at for at, name in enumerate(coded.names)}
    with np.errstate(over="ignore"):  # the library has float32
        numbers = coded.values[:, [place[name] for name in names]].astype(np.float32)
    categories = np.empty((len(coded), len(texts)), object)
    for at, name in enumerate(texts):
        known = [*(str(level).encode() for level in coded.levels[name]), MISSING.encode()]
        codes = np.nan_to_num(coded.values[:, place[name]], nan=-1).astype(np.intp)
        categories[:, at] = np.array(known, object)[codes]
    data = FeaturesData(
        numbers if names else None, categories if texts else None, names or None, texts or None
    )
    return Pool(data, thread_count=1)
