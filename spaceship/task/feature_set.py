"""Base of the feature sets: transformers from raw columns to one typed frame of features."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spaceship.task.column_types import Column
from spaceship.task.raw_frame import typed
from spaceship.task.texts import Texts
from spaceship.task.typed_rows import TypedRows

State = dict[str, Any]


class FeatureSet(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Transformer that types a frame, learns a state in `fit` and builds columns from both.

    A feature may depend on its row, on rows of the same group in the same call and on the state
    learnt in `fit`; on nothing else. The state holds plain dicts, strings and numbers, so that a
    stored model needs no code but this package's.

    >>> class Fees(FeatureSet):
    ...     columns = {"fee": Column(type="number")}
    ...     def _build(self, frame, state):
    ...         return {"fee": frame["fee"]}
    >>> Fees().fit_transform(pd.DataFrame({"fee": ["9.5", None]}))["fee"].tolist()
    [9.5, nan]
    """

    columns: Mapping[str, Column]
    """The raw columns that the set reads, in their types."""
    takes_rows: ClassVar[bool] = False
    """Whether `build` takes `TypedRows` of these columns, beside frames."""

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the state from raw rows and, where a set needs them, their labels."""
        frame = typed(X, self.columns)
        self.state_: State = self._learn(frame, y)
        self.feature_names_out_: list[str] = list(self._build(frame.iloc[:1], self.state_))
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return float64 and `str` columns `(n_rows, n_features)` under the index of `X`."""
        return as_frame(self.build(X), X.index)

    def build(self, X: pd.DataFrame | TypedRows) -> Mapping[str, object]:
        """Return the columns of rows by name: `Texts`, arrays or series of length n_rows."""
        if not hasattr(self, "state_"):
            check_is_fitted(self)
        if isinstance(X, TypedRows):
            return self._of_rows(X, self.state_)
        return self._build(typed(X, self.columns), self.state_)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns that `transform` returns, in order."""
        del input_features
        check_is_fitted(self)
        return np.array(self.feature_names_out_, dtype=object)

    def _learn(self, frame: pd.DataFrame, y: object) -> State:
        del frame, y
        return {}

    @abstractmethod
    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        """Return the columns by name, in order, each of length n_rows."""

    def _of_rows(self, rows: TypedRows, state: State) -> Mapping[str, object]:
        """Return the columns of `_build` without a frame, if the set takes rows."""
        raise NotImplementedError


def as_frame(columns: Mapping[str, object], index: pd.Index) -> pd.DataFrame:
    """Return columns as a frame of float64 and `str`.

    >>> as_frame({"Asleep": [True, False]}, pd.Index([7, 9])).to_dict()
    {'Asleep': {7: 1.0, 9: 0.0}}
    """
    made = {
        name: one.array() if isinstance(one, Texts) else as_plain(one)
        for name, one in columns.items()
    }
    return pd.DataFrame(made, index, copy=False)


def as_plain(values: object) -> Any:
    """Return texts in pandas' `str` dtype as they are, and other values as float64.

    >>> as_plain(pd.Series([True, None], dtype="boolean"))
    array([ 1., nan])
    """
    if not isinstance(values, pd.Series):
        return np.asarray(values, dtype="float64")
    is_text = isinstance(values.dtype, pd.StringDtype)
    return values if is_text else values.to_numpy(dtype="float64", na_value=np.nan)
