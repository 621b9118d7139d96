"""Encodings of features for an estimator: native categories, or one-hot and scaled numbers."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from spaceship.model.coded import Coded
from spaceship.task.arrays import Floats
from spaceship.task.feature_set import as_plain
from spaceship.task.texts import Texts, as_arrow

MOST_CATEGORIES = 254  # of a column; scikit-learn's histogram gradient boosting takes 255 bins
MOST_ONE_HOT = 100  # columns of a category; its rarest levels share the last
_UNSAFE = re.compile(r"[^\w.-]")  # signs in names of columns that some estimator refuses


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

    A category never seen becomes missing; numbers pass through. Of more categories than histograms
    of gradient boosting take, the commonest are kept.

    >>> fitted = CategoryEncoder().fit(pd.DataFrame({"planet": ["Mars", "Earth"]}))
    >>> fitted.transform(pd.DataFrame({"planet": ["Mars", "Pluto"]}))["planet"].tolist()
    ['Mars', nan]
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn the sorted categories of each `str` column."""
        del y
        names: list[str] = X.select_dtypes("str").columns.tolist()
        known = {name: sorted(_commonest(X[name])) for name in names}
        self.categories_: dict[str, list[str]] = known
        self.feature_names_out_: list[str] = X.columns.tolist()
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the same columns, `str` as `category`."""
        check_is_fitted(self)
        made = X.copy(deep=False)
        for name, categories in self.categories_.items():
            dtype, known = _lookup(tuple(categories))
            texts = pa.array(X[name].array).cast(known.type)
            codes = pc.index_in(texts, known).fill_null(-1).to_numpy(zero_copy_only=False)
            made[name] = pd.Categorical.from_codes(codes, dtype=dtype, validate=False)
        return made

    def coded(self, columns: Mapping[str, object]) -> Coded:
        """Return columns as numbers, categories as pandas codes those of `transform`.

        >>> planets = Texts.of(pa.array(["Mars", "Pluto"]))
        >>> fitted = CategoryEncoder().fit(pd.DataFrame({"planet": ["Mars", "Earth"]}))
        >>> fitted.coded({"planet": planets}).values.tolist()
        [[1.0], [nan]]
        """
        made: list[Floats] = []
        for name, values in columns.items():
            if name not in self.categories_:
                made.append(as_plain(values))
                continue
            texts = values if isinstance(values, Texts) else Texts.of(as_arrow(as_plain(values)))
            known = {level: at for at, level in enumerate(self.categories_[name])}
            numbers = [known.get(level, np.nan) for level in texts.levels]
            made.append(np.array([*numbers, np.nan])[texts.codes])
        return Coded(np.stack(made, axis=1), [*columns], self.categories_)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, which are those of the input."""
        del input_features
        check_is_fitted(self)
        return np.array(self.feature_names_out_, dtype=object)


@lru_cache(maxsize=256)
def _lookup(categories: tuple[str, ...]) -> tuple[pd.CategoricalDtype, pa.Array]:
    """Return the dtype of categories, and the texts to find in them."""
    names = pd.Index(categories, dtype="str")
    return pd.CategoricalDtype(names), pa.array(categories, pa.large_string())


def _onehot() -> ColumnTransformer:
    """Return imputed and scaled numbers, one column a category; missing is a category too."""
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist",  # else all zeros, as with "ignore"
        max_categories=MOST_ONE_HOT,
        sparse_output=False,
        feature_name_combiner=_level_name,
    )
    parts = [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("categories", categories, make_column_selector(dtype_include="str")),
    ]
    whole = ColumnTransformer(parts, verbose_feature_names_out=False)
    return whole.set_output(transform="pandas")


def _commonest(column: pd.Series) -> list[str]:
    """Return the commonest categories; of equally common ones, the first by name."""
    counts = column.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return counts.index[:MOST_CATEGORIES].tolist()


def _level_name(column: str, level: object) -> str:
    """Return a name that no other column has, without signs that an estimator refuses."""
    if not isinstance(level, str):
        return f"{column}=%nan"  # missing; `%` alone stands in no level
    return f"{column}=" + _UNSAFE.sub(lambda found: f"%{ord(found[0]):X}", level)
