"""The seam between a sweep and what it runs: report after each fold, stop if it is hopeless.

Standard library only. A sweeper puts a reporter in place around each trial; without one, reporting
does nothing, so that the same code runs inside and outside a sweep.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

Reporter = Callable[[int, Mapping[str, float]], bool]
"""Takes a step, from 0, and its metrics; tells whether the trial is hopeless."""

_REPORTER: ContextVar[Reporter | None] = ContextVar("reporter", default=None)


class PrunedError(Exception):
    """The trial was stopped because it cannot become the best.

    Attributes:
        history: The metrics of the steps it got to.

    """

    def __init__(self, history: Sequence[Mapping[str, float]]) -> None:
        """Keep what was measured until then."""
        super().__init__(f"pruned after {len(history)} step(s)")
        self.history = list(history)


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


def report(history: Sequence[Mapping[str, float]]) -> None:
    """Report the latest of a trial's steps to the sweep, if there is one.

    Args:
        history: The metrics of each step so far.

    Raises:
        PrunedError: The trial is hopeless.

    """
    reporter = _REPORTER.get()
    if reporter is not None and reporter(len(history) - 1, history[-1]):
        raise PrunedError(history)
