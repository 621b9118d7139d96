"""What this process owes its caller beside the task's return value: failures and open runs."""

from collections.abc import Callable
from dataclasses import dataclass, field


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
        """End whatever is still open, newest first, with FAILED or KILLED."""
        while self.closers:
            _, closer = self.closers.popitem()
            closer(status)


OUTCOME = Outcome()
"""The outcome of this process."""
