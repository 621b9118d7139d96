"""Names that the documentation of other packages does not promise; test_upstream.py holds each."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache, partial
from importlib import import_module
from types import ModuleType
from typing import Any

MLFLOW_DOWNLOAD_NOTE = "registered_model_meta"  # MLflow 3.17 adds it to a downloaded model
MLFLOW_PLACES = ("mlflow.tracking._tracking_service.utils", "_artifact_repos_cache")
"""MLflow 3.17 remembers the places of runs and models in a process by their ids alone."""
MLFLOW_ADDRESSES = (
    ("mlflow.tracking._tracking_service.utils", "_tracking_uri"),
    ("mlflow.tracking._model_registry.utils", "_registry_uri"),
)
"""MLflow 3.17 keeps the addresses of a process there, None for those that nobody has set."""
MLFLOW_SQL_REGISTRY = ("mlflow.tracking._model_registry.utils", "_get_sqlalchemy_store")
MLFLOW_SQL_TRACKING = ("mlflow.tracking._tracking_service.utils", "_get_sqlalchemy_store")
"""MLflow 3.17's own functions for the stores of `sqlite:` URIs."""
MLFLOW_TABLES = (
    "dc11669786a5",
    "2fd2127977e1b88d5177666cc7172ec9699daf7757ebdfdc67975962876d3d9f",
)
"""Revision of the tables of MLflow 3.17, and the digest of their names."""
MLFLOW_SKOPS_FILE = "model.skops"  # MLflow 3.17's `sklearn.save_model` stores the estimator there
LIGHTGBM_BOOSTER, LIGHTGBM_EXTRA = "_Booster", "_other_params"
"""Attributes of LightGBM 4.7's estimators: the trees, and settings that are no arguments."""
ESTIMATOR_ERRORS = {
    "sklearn.utils._param_validation": "InvalidParameterError",
    "lightgbm.basic": "LightGBMError",
    "catboost": "CatBoostError",
    "xgboost.core": "XGBoostError",
}
"""Errors for wrong settings by the module that holds them: scikit-learn 1.9, LightGBM 4.7, …"""
_MOST_PARSED = 1000  # texts of interpolations whose parse trees are kept
_WITHOUT_ESTIMATORS: ContextVar[bool] = ContextVar("without_estimators", default=False)
_SKOPS = threading.Lock()


def located(target: str) -> object:
    """Return what a `_target_` names, found by the function with which Hydra 1.3 finds it."""
    from hydra._internal.utils import _locate

    return _locate(target)


def loky_processes(number: int, environment: Mapping[str, str], first: Callable[[], object]) -> Any:
    """Return an executor of processes that import no main module, by joblib 1.6's copy of loky.

    >>> with loky_processes(1, {"OMP_NUM_THREADS": "1"}, first=dict) as pool:
    ...     pool.submit(sum, [1, 2]).result()
    3
    """
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(number, env=dict(environment), initializer=first)


def resolvers() -> dict[str, object]:
    """Return the table in which OmegaConf 2.3 keeps the resolvers of a process.

    >>> "oc.env" in resolvers()
    True
    """
    from omegaconf.basecontainer import BaseContainer

    return BaseContainer._resolvers  # noqa: SLF001


def keep_parsed() -> None:
    """Let OmegaConf 2.3 parse the text of an interpolation once: it does so at every look at it.

    >>> keep_parsed()
    """
    from omegaconf import base

    parse = vars(base)["parse"]
    if not hasattr(parse, "cache_info"):
        setattr(base, "parse", lru_cache(_MOST_PARSED)(parse))  # noqa: B010


def raise_plainly() -> None:
    """Let Hydra 1.3 raise the error of a failed job without a line about its overrides on stderr.

    >>> raise_plainly()
    """
    from hydra.core.utils import JobReturn, JobStatus

    def returned(job: JobReturn) -> object:
        result = job._return_value  # noqa: SLF001
        if job.status is JobStatus.FAILED:
            raise result
        return result

    setattr(JobReturn, "return_value", vars(JobReturn)["return_value"].getter(returned))  # noqa: B010


def mlflow_erasers(uri: str) -> tuple[Callable[[str], None], Callable[[str], None]] | None:
    """Return functions that erase a run and a logged model from a database; None for a server.

    MLflow 3.17 has them for `mlflow gc`, which erases every deleted experiment besides.

    >>> mlflow_erasers("http://127.0.0.1:5000") is None
    True
    """
    from mlflow.tracking._tracking_service.utils import _get_store

    store = _get_store(uri)  # type: ignore[no-untyped-call]
    if not hasattr(store, "_hard_delete_run"):
        return None
    return store._hard_delete_run, store._hard_delete_logged_model  # noqa: SLF001


class _Names(list[str]):
    """Names that skops 0.16 trusts: found once somebody asks."""

    def __init__(self, found: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._found = found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __add__(self, others: Sequence[str]) -> list[str]:  # type: ignore[override]
        return [*self, *others]


@cache
def _estimators() -> list[str]:
    import sklearn.utils
    from skops.io._utils import get_type_name

    names = (get_type_name(kind) for _, kind in sklearn.utils.all_estimators())
    return [name for name in names if name.startswith("sklearn.")]


@contextmanager
def skops_io() -> Iterator[Any]:
    """Give the module `skops.io`, which trusts no estimator of scikit-learn inside the block.

    skops 0.16 imports all of them to trust their names, half a second, and looks in all modules of
    the process for each function of NumPy and SciPy: both happen once somebody asks. Whoever loads
    a model in the block lets names that begin with `sklearn.` pass; outside and in other threads
    nothing differs.

    >>> with skops_io() as io:
    ...     callable(io.dumps)
    True
    """
    with _SKOPS:
        if "skops.io" not in sys.modules:
            _import_skops()
    import skops.io

    before = _WITHOUT_ESTIMATORS.set(True)
    try:
        yield skops.io
    finally:
        _WITHOUT_ESTIMATORS.reset(before)


def _import_skops() -> None:
    """Import skops with no names in this thread, and let others find them when they ask."""
    import sklearn.utils
    import skops

    listed, own = sklearn.utils.all_estimators, threading.get_ident()

    def none_here(type_filter: object = None) -> object:
        return [] if threading.get_ident() == own else listed(type_filter)

    # without the package's own __init__, which has the names found at once
    sys.modules["skops.io"] = package = ModuleType("skops.io")
    package.__path__ = [f"{folder}/io" for folder in skops.__path__]
    utils = import_module("skops.io._utils")
    del sys.modules["skops.io"]
    named = utils.get_public_type_names
    setattr(utils, "get_public_type_names", lambda **of: _Names(cache(partial(named, **of))))  # noqa: B010
    setattr(sklearn.utils, "all_estimators", none_here)  # noqa: B010 - it is typed as what it was
    try:
        from skops import io
        from skops.io import _general
    finally:
        setattr(sklearn.utils, "all_estimators", listed)  # noqa: B010
    vars(io).update({key: one for key, one in vars(package).items() if not key.startswith("__")})
    _general.SKLEARN_ESTIMATOR_TYPE_NAMES = _Names(
        lambda: () if _WITHOUT_ESTIMATORS.get() else _estimators()
    )


def mlflow_sessions(uri: str) -> object:
    """Return the function that opens a session of MLflow's database; None for a server.

    >>> mlflow_sessions("http://127.0.0.1:5000") is None
    True
    """
    from mlflow.tracking._tracking_service.utils import _get_store

    return getattr(_get_store(uri), "ManagedSessionMaker", None)  # type: ignore[no-untyped-call]


def forget_spark() -> None:
    """Let PySpark 4 start another Java process: it keeps the address of the one that has ended.

    >>> forget_spark()
    """
    from importlib.util import find_spec

    if find_spec("pyspark") is not None:
        from pyspark import SparkContext

        SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
