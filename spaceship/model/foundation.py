"""Foundation models for tables: pre-trained networks that take the training rows as context.

A stored model holds the training rows and the settings, but no network: the package finds its
weights again where the model is loaded.
"""

import importlib
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from spaceship.errors import ConfigError, MissingDependencyError

CLASSIFIERS = {"tabpfn": "TabPFNClassifier", "tabicl": "TabICLClassifier"}
"""Name of the classifier of each package."""


class FoundationModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A pre-trained classifier behind scikit-learn's interface.

    >>> FoundationModel("tabpfn", n_estimators=4, device="cpu")
    FoundationModel(device='cpu', n_estimators=4, package='tabpfn')
    """

    def __init__(
        self,
        package: str,
        n_estimators: int = 8,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        self.package = package  # one of `CLASSIFIERS`; the project's extra has the same name
        self.n_estimators = n_estimators  # views of the table that predictions are averaged over
        self.random_state = random_state  # of these views
        self.device = device  # such as `cpu` or `cuda`; None leaves the choice to the package

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Keep the training rows and pass them to the network as its context.

        Raise MissingDependencyError if the package is not installed, and ConfigError if it is
        unknown or its weights cannot be loaded.
        """
        self.labels_ = np.asarray(y)
        self.context_ = {str(name): _plain(X[name]) for name in X}
        self.categories_ = {
            name: X[name].cat.categories.tolist() for name in X.select_dtypes("category")
        }
        self.classes_ = np.unique(self.labels_)
        self._network = self._load()
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of each class, (n_rows, n_classes)."""
        check_is_fitted(self, "context_")
        if getattr(self, "_network", None) is None:
            self._network = self._load()
        return np.asarray(self._network.predict_proba(X), dtype=float)

    def predict(self, X: pd.DataFrame) -> object:
        """Return the predicted label of each row, (n_rows,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __getstate__(self) -> dict[str, object]:
        """Return the state to store: everything but the network."""
        return {name: value for name, value in vars(self).items() if name != "_network"}

    def _load(self) -> Any:
        """Return the package's classifier with the training rows as its context."""
        if self.package not in CLASSIFIERS:
            message = f"expected model.estimator.package to be one of {', '.join(CLASSIFIERS)}"
            raise ConfigError(f"{message}, found {self.package!r}")
        try:
            kind = getattr(importlib.import_module(self.package), CLASSIFIERS[self.package])
        except (AttributeError, ImportError) as error:
            message = f"model={self.package} needs the package {self.package}, found: {error}"
            install = f'pip install -e ".[{self.package}]"'
            raise MissingDependencyError(f"{message}; run: {install}") from error
        settings: Any = {"n_estimators": self.n_estimators, "random_state": self.random_state}
        settings |= {} if self.device is None else {"device": self.device}
        try:
            return kind(**settings).fit(self._context(), self.labels_)
        except Exception as error:  # whatever the package's way of fetching weights raises
            found = next(iter(str(error).strip().splitlines()), repr(error))
            message = f"expected {self.package} to load its weights and fit, found: {found}"
            advice = "download them once where there is a network, or accept their licence"
            raise ConfigError(f"{message}; {advice} (see the page of {self.package})") from error

    def _context(self) -> pd.DataFrame:
        """Return the training rows as a frame with its categories."""
        frame = pd.DataFrame(self.context_)
        kinds = {name: pd.CategoricalDtype(known) for name, known in self.categories_.items()}
        return frame.astype(kinds)


def _plain(column: pd.Series) -> object:
    """Return a column as numbers, or as text and None."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [None if pd.isna(value) else str(value) for value in column]
    return column.to_numpy(dtype="float64")
