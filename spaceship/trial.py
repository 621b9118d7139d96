"""The seam between a sweep and what it runs: report after each fold, stop if it is hopeless.

Standard library only. A sweeper puts a reporter in place around each trial; without one, reporting
does nothing, so that the same code runs inside and outside a sweep.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Reporter = Callable[[int, Mapping[str, float]], bool]
"""Takes a step, from 0, and its metrics; tells whether the trial is hopeless."""

_REPORTER: ContextVar[Reporter | None] = ContextVar("reporter", default=None)


class PrunedError(Exception):
    """The trial was stopped because it cannot become the best."""


@contextmanager
def reporting_to(reporter: Reporter) -> Iterator[None]:
    """Send what is reported within to a reporter."""
    token = _REPORTER.set(reporter)
    try:
        yield
    finally:
        _REPORTER.reset(token)


def in_trial() -> bool:
    """Tell whether this code runs in a sweep's trial."""
    return _REPORTER.get() is not None


def report(step: int, metrics: Mapping[str, float]) -> None:
    """Report a step's metrics to the sweep, if there is one.

    Raises:
        PrunedError: The trial is hopeless.

    """
    reporter = _REPORTER.get()
    if reporter is not None and reporter(step, metrics):
        message = f"pruned after step {step}"
        raise PrunedError(message)
