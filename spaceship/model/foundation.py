"""Foundation models for tables: pre-trained networks that take the training rows as context.

A stored model holds the training rows, the settings and the digest of the weights, but no network:
it is built again where the model is loaded, from the same file.
"""

import importlib
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from spaceship.errors import ConfigError, MissingDependencyError, expected
from spaceship.model.foundation_weights import Weights, find, find_again, hush

PACKAGES = {"tabpfn": "TabPFN", "tabicl": "TabICL"}
"""First part of the names of each package's estimators."""
_BLOCK = 64  # rows are asked in multiples: kernels round the rest of a block in another way


class _Pretrained(BaseEstimator):  # type: ignore[misc]
    """A pre-trained network behind scikit-learn's interface, of either kind."""

    kind: str

    def __init__(  # noqa: PLR0913 - each is a key of the YAML
        self,
        package: str,
        *,
        n_estimators: int = 8,
        random_state: int | None = None,
        device: str | None = None,
        weights: str | None = None,
        download: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.package = package  # one of `PACKAGES`; the project's extra has the same name
        self.n_estimators = n_estimators  # views of the table that predictions are averaged over
        self.random_state = random_state  # of these views
        self.device = device  # such as `cpu` or `cuda`; None is a GPU where there is one
        self.weights = weights  # a folder or file of weights; None is the package's cache
        self.download = download  # of weights that are not there, when fitting
        self.n_jobs = n_jobs  # threads on a CPU; None is one, as the number changes the last digits

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Keep the training rows and pass them to the network as its context.

        Raise MissingDependencyError if the package is not installed, and ConfigError if it is
        unknown, its weights are not there, or it refuses the rows.
        """
        kind = self._estimator()
        found = find(self.package, self.kind, self.weights, download=self.download)
        self.weights_ = list(found)
        self.labels_ = np.asarray(y)
        self.context_ = {str(name): _plain(X[name]) for name in X}
        self.categories_ = {
            name: X[name].cat.categories.tolist() for name in X.select_dtypes("category")
        }
        self._network = self._built(kind, found.path)
        return self

    def __getstate__(self) -> dict[str, object]:
        """Return the state to store: everything but the network."""
        return {name: value for name, value in vars(self).items() if name != "_network"}

    def _ask(self, method: str, X: pd.DataFrame) -> np.ndarray:
        """Return what the network's method gives for each row, as float64."""
        check_is_fitted(self, "context_")
        if getattr(self, "_network", None) is None:
            kind = self._estimator()
            path = find_again(self.package, self.kind, Weights(*self.weights_))
            self._network = self._built(kind, path)
        self._torch()  # threads are set for the thread that asks
        some = X if len(X) else self._context().head(1)
        places = np.arange(-(-len(some) // _BLOCK) * _BLOCK).clip(max=len(some) - 1)
        return np.asarray(getattr(self._network, method)(some.iloc[places]), float)[: len(X)]

    def _estimator(self) -> Any:
        """Return the package's class."""
        if self.package not in PACKAGES:
            what = f"model.estimator.package to be one of {', '.join(PACKAGES)}"
            do = "name one of them, or choose model=tabicl"
            raise ConfigError(expected(what, repr(self.package), do))
        try:
            name = f"{PACKAGES[self.package]}{self.kind.capitalize()}"
            return getattr(importlib.import_module(self.package), name)
        except (AttributeError, ImportError) as error:
            message = f"model={self.package} needs the package {self.package}, found: {error}"
            install = f'pip install -e ".[{self.package}]"'
            raise MissingDependencyError(f"{message}; run: {install}") from error

    def _torch(self) -> Any:
        """Return the library torch, with this model's number of threads."""
        import torch

        torch.set_num_threads(self.n_jobs or 1)
        return torch

    def _built(self, kind: Any, path: object) -> Any:
        """Return the package's estimator with these weights and the training rows as context."""
        torch = self._torch()
        hush()
        device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
        settings: dict[str, object] = {"model_path": path, "device": device}
        if self.package == "tabpfn" and device == "cpu":
            # the package's choice depends on the CPU: predictions would differ between machines
            settings["inference_precision"] = torch.float32
        common = {"n_estimators": self.n_estimators, "random_state": self.random_state}
        try:
            return kind(**common, **settings).fit(self._context(), self.labels_)
        except Exception as error:  # whatever torch and the package raise
            found = next(iter(str(error).strip().splitlines()), repr(error))
            what = f"{self.package} to fit on {device} with the weights {path}"
            raise ConfigError(expected(what, found, _advice(str(error)))) from error

    def _context(self) -> pd.DataFrame:
        """Return the training rows as a frame with its categories."""
        frame = pd.DataFrame(self.context_)
        kinds = {name: pd.CategoricalDtype(known) for name, known in self.categories_.items()}
        return frame.astype(kinds)


class FoundationModel(ClassifierMixin, _Pretrained):  # type: ignore[misc]
    """A pre-trained classifier behind scikit-learn's interface.

    >>> FoundationModel("tabpfn", n_estimators=4, device="cpu")
    FoundationModel(device='cpu', n_estimators=4, package='tabpfn')
    """

    kind = "classifier"

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Keep the training rows and their classes; see `_Pretrained`."""
        self.classes_ = np.unique(np.asarray(y))
        return super().fit(X, y)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of each class, (n_rows, n_classes)."""
        values = self._ask("predict_proba", X)
        return np.asarray(values / values.sum(axis=1, keepdims=True))  # a network's have 32 bits

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the predicted label of each row, (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class FoundationRegressor(RegressorMixin, _Pretrained):  # type: ignore[misc]
    """A pre-trained regressor behind scikit-learn's interface.

    >>> FoundationRegressor("tabicl", weights="/models")
    FoundationRegressor(package='tabicl', weights='/models')
    """

    kind = "regressor"

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the predicted number of each row, (n_rows,)."""
        return np.asarray(self._ask("predict", X))


def _advice(error: str) -> str:
    """Return what to do about an error of a package."""
    if "TABPFN_ALLOW_CPU_LARGE_DATASET" in error:
        slow = "wait: export TABPFN_ALLOW_CPU_LARGE_DATASET=1"
        return f"run where there is a GPU, learn from fewer rows with data.sample=4000, or {slow}"
    if "memory" in error:
        return "learn from fewer rows with data.sample=4000, or set model.estimator.device=cpu"
    return "mend model.estimator.device or model.estimator.weights, or choose model=lgbm"


def _plain(column: pd.Series) -> object:
    """Return a column as numbers, or as text and None."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [None if pd.isna(value) else str(value) for value in column]
    return column.to_numpy(dtype="float64")
