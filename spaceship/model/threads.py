"""Threads of a fitted model at scoring: those of the machine, whatever the training's settings."""

from collections.abc import Iterator
from typing import Any

from sklearn.base import BaseEstimator


def forget_threads(fitted: Any) -> Any:
    """Return a fitted model, changed in place, without the numbers of threads of its training.

    Boosters then use as many threads as OpenMP does: `OMP_NUM_THREADS`, or one a core. Estimators
    of scikit-learn use one: a forest of several adds its trees up in the order in which they end,
    and the last bits vary.

    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> forget_threads(make_pipeline(RandomForestClassifier(n_jobs=64)))[-1].n_jobs is None
    True
    """
    for one in _estimators(fitted):
        if getattr(one, "n_jobs", None) is not None:
            one.n_jobs = None
            if hasattr(one, "get_booster") and one.__sklearn_is_fitted__():  # XGBoost's keeps them
                one.get_booster().set_param({"nthread": 0})
    return fitted


def _estimators(fitted: Any) -> Iterator[Any]:
    """Yield an estimator and all that it holds, in lists and dictionaries too."""
    left, seen = [fitted], set[int]()
    while left:
        one = left.pop()
        if isinstance(one, BaseEstimator) and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += vars(one).values()
        elif isinstance(one, list | tuple | dict):
            left += one.values() if isinstance(one, dict) else one
