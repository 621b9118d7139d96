"""Reporter of the trial that runs, private so that a process has only one.

Hydra executes each public module of a plugin anew, so that a context variable in one of them
would not be the one that was imported before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from hydra_plugins.spaceship_optuna._errors import PrunedError

Reporter = Callable[[int, Mapping[str, float]], bool]
"""Takes a step, counted from 0, and its metrics; returns whether the trial is to be pruned."""

_REPORTER: ContextVar[Reporter | None] = ContextVar("reporter", default=None)


@contextmanager
def reporting_to(reporter: Reporter) -> Iterator[None]:
    """Send what the block reports to a reporter.

    >>> from hydra_plugins.spaceship_optuna import trial
    >>> with trial.reporting_to(lambda step, metrics: metrics["value"] > 0.5):
    ...     trial.report([{"value": 0.4}])
    """
    token = _REPORTER.set(reporter)
    try:
        yield
    finally:
        _REPORTER.reset(token)


def in_trial() -> bool:
    """Return whether this code runs in a trial of a sweep.

    >>> in_trial()
    False
    """
    return _REPORTER.get() is not None


def report(history: Sequence[Mapping[str, float]]) -> None:
    """Report the latest step of a trial to its sweep, if there is one.

    `history` has the metrics of each step so far; an app without a host reports `value`. A
    PrunedError is raised if the trial is to be pruned.

    >>> from hydra_plugins.spaceship_optuna import trial
    >>> trial.report([{"value": 0.9}, {"value": 0.8}])  # outside a sweep: nothing happens
    """
    reporter = _REPORTER.get()
    if reporter is not None and reporter(len(history) - 1, history[-1]):
        raise PrunedError(history)
