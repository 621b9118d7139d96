"""Monotone constraints: columns whose greater values only raise, or only lower, a prediction."""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol

import pandas as pd

from spaceship.config.spelling import nearest
from spaceship.errors import ConfigError, expected
from spaceship.features._names import safe_names
from spaceship.task.column_types import Kind
from spaceship.task.label import Problem
from spaceship.task.task import Task

log = logging.getLogger(__name__)


class Effect(StrEnum):
    """What a greater value of a column does to the prediction, all else unchanged."""

    UP = "up"
    DOWN = "down"
    NONE = "none"  # anything


class _Constrainable(Protocol):
    """An estimator that takes the signs of effects by the name of a column."""

    monotone: ClassVar[str]  # its parameter

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: FBT001, FBT002 - theirs
        """Return the parameters by name."""

    def set_params(self, **params: object) -> object:
        """Change parameters."""


_SIGNS = {Effect.UP: 1, Effect.DOWN: -1}


def constrain(
    estimator: object, features: object, task: Task, wanted: Mapping[str, Effect]
) -> None:
    """Set the constraints of task, feature set and `model.monotone` in an unfitted estimator.

    The later wins. Several classes have no order, so there the first two are left out. Raise
    ConfigError if `model.monotone` names no column of numbers of the task or of the feature set,
    or cannot be kept.

    >>> from spaceship.model.lightgbm import FrameLGBMRegressor
    >>> plan = {"problem": "regression", "label": "fee", "columns": {"age": "number"}}
    >>> model = FrameLGBMRegressor()
    >>> constrain(model, None, Task.model_validate(plan), {"age": Effect.UP})
    >>> model.get_params()["monotone_constraints"]
    {'age': 1}
    """
    made: Mapping[str, str] = getattr(features, "monotone", {})
    columns = _numbers(task)
    if unknown := [one for one in wanted if one not in {*columns, *made}]:
        near = nearest(unknown[0], {*columns, *made}) or sorted({*columns, *made})
        do = f"name one of {', '.join(near)}, or leave it out"
        raise ConfigError(expected("numbers in model.monotone", repr(unknown[0]), do))
    orders = task.problem is not Problem.MULTICLASS
    if wanted and not (orders and hasattr(estimator, "monotone")):
        found = type(estimator).__name__ if orders else "several classes"
        do = "leave out model.monotone"
        raise ConfigError(expected("a model and classes that take constraints", found, do))
    effects = {name: one for name, one in {**columns, **made, **wanted}.items() if one in _SIGNS}
    if effects and orders and hasattr(estimator, "monotone"):
        signs = {name: _SIGNS[Effect(one)] for name, one in effects.items()}
        estimator.set_params(**{estimator.monotone: signs})  # type: ignore[attr-defined]


def keep_present(estimator: _Constrainable, X: object) -> dict[str, int] | None:
    """Leave out, and say once, the constraints of columns that are not there; return the others.

    >>> from spaceship.model.lightgbm import FrameLGBMRegressor
    >>> model = FrameLGBMRegressor(monotone_constraints={"age": -1, "fee": 1})
    >>> keep_present(model, pd.DataFrame({"age": [0.0]}))
    {'age': -1}
    """
    given = estimator.get_params(deep=False).get(estimator.monotone)
    if not isinstance(given, Mapping) or not isinstance(X, pd.DataFrame):
        return None
    _say_ignored(tuple(sorted(given.keys() - {*X.columns})))
    found = {name: sign for name, sign in given.items() if name in X.columns}
    estimator.set_params(**{estimator.monotone: found or None})
    return found


def fit_with_present(library: Any) -> Callable[..., Any]:
    """Return the method `fit` of a library's class, for a subclass whose constraints have names.

    It fits with the constraints of the columns that are there.

    >>> from spaceship.model.hist_gradient_boosting import FrameHGBRegressor
    >>> model = FrameHGBRegressor(monotonic_cst={"age": 1, "fee": -1})
    >>> model.fit(pd.DataFrame({"age": range(40)}), range(40)).monotonic_cst
    {'age': 1}
    """

    def fit(self: Any, X: Any, y: Any, **params: Any) -> Any:
        """Fit with the constraints of the columns that are there."""
        keep_present(self, X)
        return library.fit(self, X, y, **params)

    return fit


@cache
def _say_ignored(names: tuple[str, ...]) -> None:
    if names:
        log.info("Monotone constraints without a feature of the name: %s", ", ".join(names))


def _numbers(task: Task) -> dict[str, str | None]:
    """Return the numbers among a task's columns, by their names as features, with effects."""
    columns = {name: (one.type.kind, one.monotone) for name, one in task.features.items()}
    columns |= {name: (part.type.kind, None) for name, part in task.parts.items()}
    plain = {name: one for name, one in columns.items() if one[0] not in (Kind.TEXT, Kind.TIME)}
    names = zip(safe_names(plain), plain.values(), strict=True)
    return {name: effect for name, (kind, effect) in names if kind is Kind.NUMBER}
