"""Callback failures (Hydra swallows them) and open MLflow runs, both dealt with at exit."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


class Refusal(BaseException):
    """An error of a hook of Hydra's that ends the command: Hydra would only warn of the error.

    >>> issubclass(Refusal, Exception)
    False
    """


@dataclass
class Pending:
    """Failures to raise and runs to end before this process exits.

    >>> Pending(open_runs={"run-1": print}).end_runs("KILLED")
    KILLED
    """

    failures: list[Exception] = field(default_factory=list)  # of Hydra callbacks, in order
    open_runs: dict[str, Callable[[str], None]] = field(default_factory=dict)
    """By id of a run that is still open, the function that ends it with a status."""

    def raise_first(self) -> None:
        """Raise the first failure, if there is one."""
        if self.failures:
            raise self.failures[0]

    def end_runs(self, status: str) -> None:
        """End every open run with a status, FAILED or KILLED, the newest run first.

        A store that is full or gone must not hide why the process ends: it is logged, and the next
        start ends the run.
        """
        while self.open_runs:
            run_id, end = self.open_runs.popitem()
            try:
                end(status)
            except Exception as error:  # noqa: BLE001 - whatever a store may raise
                reason = error.__cause__ or error  # Optuna's own text guesses at the reason
                found = next(iter(str(reason).splitlines()), type(reason).__name__)
                log.warning("Run %s cannot be marked %s yet: %s", run_id, status, found)


PENDING = Pending()  # of this process
