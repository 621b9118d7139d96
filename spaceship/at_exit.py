"""What this process owes its caller beside the task's return value: failures and open runs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """Failures that Hydra would swallow, and what has to be ended whatever happens.

    Attributes:
        failures: Raised inside callbacks, in order; the entry point raises the first.
        closers: Called with the true status of runs that are still open at the end.

    """

    failures: list[Exception] = field(default_factory=list)
    closers: dict[str, Callable[[str], None]] = field(default_factory=dict)

    def raise_first(self) -> None:
        """Raise the first failure, if there is one."""
        if self.failures:
            raise self.failures[0]

    def close(self, status: str) -> None:
        """End whatever is still open, newest first, with FAILED or KILLED.

        A store that is full or gone must not hide why the process ends; the next start marks what
        could not be ended.
        """
        while self.closers:
            run_id, closer = self.closers.popitem()
            try:
                closer(status)
            except Exception as error:  # noqa: BLE001 - whatever a store may raise
                log.warning("Run %s cannot be marked %s yet: %s", run_id, status, _first(error))


def _first(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


OUTCOME = Outcome()
"""The outcome of this process."""
