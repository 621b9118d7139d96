"""Encodings of features for an estimator: native categories, or one-hot and scaled numbers."""

from enum import StrEnum
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted


class Encoding(StrEnum):
    """Input that an estimator takes: pandas categories and gaps, or numbers alone."""

    NATIVE = "native"
    ONEHOT = "onehot"


def encoder(encoding: Encoding) -> TransformerMixin:
    """Return the unfitted transformer of an encoding.

    >>> encoder(Encoding.NATIVE)
    CategoryEncoder()
    """
    return CategoryEncoder() if Encoding(encoding) is Encoding.NATIVE else _onehot()


class CategoryEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Give `str` columns the `category` dtype with exactly the categories seen in `fit`.

    A category never seen becomes missing; numbers pass through.

    >>> fitted = CategoryEncoder().fit(pd.DataFrame({"planet": ["Mars", "Earth"]}))
    >>> fitted.transform(pd.DataFrame({"planet": ["Mars", "Pluto"]}))["planet"].tolist()
    ['Mars', nan]
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn the sorted categories of each `str` column."""
        del y
        names: list[str] = X.select_dtypes("str").columns.tolist()
        known = {name: sorted(X[name].dropna().unique().tolist()) for name in names}
        self.categories_: dict[str, list[str]] = known
        self.feature_names_out_: list[str] = X.columns.tolist()
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the same columns, `str` as `category`."""
        check_is_fitted(self)
        dtypes = {name: pd.CategoricalDtype(known) for name, known in self.categories_.items()}
        known = {name: X[name].where(X[name].isin(one.categories)) for name, one in dtypes.items()}
        return X.assign(**known).astype(dtypes)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, which are those of the input."""
        del input_features
        check_is_fitted(self)
        return np.array(self.feature_names_out_, dtype=object)


def _onehot() -> ColumnTransformer:
    """Return imputed and scaled numbers, one column a category; missing is a category too."""
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("categories", categories, make_column_selector(dtype_include="str")),
    ]
    whole = ColumnTransformer(parts, verbose_feature_names_out=False)
    return whole.set_output(transform="pandas")
