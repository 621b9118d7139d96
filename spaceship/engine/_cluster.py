"""Engines on clusters: parts scored by processes that may end, on machines that may be others."""

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, Protocol

from spaceship.engine._base import Engine, Part, check_workers
from spaceship.engine._worker import Failed, Work
from spaceship.errors import ConfigError, MissingDependencyError, expected

SECONDS = 20.0
"""Time for a cluster to answer, and time without a worker until that is an error."""
_LOOK = 1.0  # seconds between two looks whether there is a worker
_ENDED = re.compile("died while running it|exited unexpectedly|ExecutorLostFailure")
_GO_ON = "the same command goes on where this one has ended"


class Ended(Protocol):
    """Call in some process, such as a future of `concurrent.futures`."""

    def result(self) -> Any:
        """Return what the call has returned, or raise its error."""
        ...

    def add_done_callback(self, call: Callable[["Ended"], object], /) -> None:
        """Call a function once this call has ended, however it has."""
        ...


class Joined(Protocol):
    """Cluster in use."""

    def submit(self, work: Callable[[Part], Any], part: Part, /) -> Ended:
        """Let some process of the cluster call `work` with a part, again if the process ends."""
        ...

    def is_idle(self) -> bool:
        """Return whether no process works on a part."""
        ...


class ClusterEngine(Engine):
    """Cluster of a given address, or one of this machine's processes that ends with its use.

    >>> sorted(ClusterEngine.__abstractmethods__)
    ['joined']
    """

    package: ClassVar[str]  # that is imported
    extra: ClassVar[str]  # of this project that installs the package, also the engine's name
    worker: ClassVar[str]  # command that starts a worker for an address

    def __init__(self, workers: int, address: str | None = None) -> None:
        """Keep the settings; raise if one cannot be used or the package is not installed."""
        if find_spec(self.package) is None:
            message = f"engine={self.extra} needs the package {self.package}"
            raise MissingDependencyError(f'{message}; run: pip install -e ".[{self.extra}]"')
        check_workers(workers)
        if address is not None and not (isinstance(address, str) and address):
            do = "give that of a cluster, or none: engine.address=null"
            raise ConfigError(expected("engine.address=ADDRESS", repr(address), do))
        self.workers, self.address = workers, address

    @abstractmethod
    def joined(self, workers: int) -> AbstractContextManager[Joined]:
        """Join the cluster, or start one of so many processes and stop it when the block ends.

        Raises:
            ConfigError: The cluster does not answer within `SECONDS`, or none can be started.

        """

    def check(self) -> None:
        """Raise ConfigError if a cluster that is given cannot be reached."""
        if self.address is not None:
            with self.joined(1):
                pass

    def run(
        self, parts: Sequence[Part], score: Callable[[Part], Any], sink: Callable[[Any], None]
    ) -> None:
        """Score the parts on the cluster; a single one is scored in this process."""
        if len(parts) <= 1:
            for part in parts:
                sink(score(part))
            return
        ended: SimpleQueue[Ended] = SimpleQueue()
        with self.joined(min(self.workers, len(parts))) as joined:
            work = Work(score)
            for part in parts:
                joined.submit(work, part).add_done_callback(ended.put)
            for _ in parts:
                sink(self.result(self._next(ended, joined)))

    def _next(self, ended: "SimpleQueue[Ended]", joined: Joined) -> Ended:
        """Return a part's future that has ended; raise ConfigError if no worker is there."""
        idle = 0.0
        while idle < SECONDS:
            try:
                return ended.get(timeout=_LOOK)
            except Empty:
                idle = idle + _LOOK if joined.is_idle() else 0.0
        found, do = f"none for {SECONDS:.0f} seconds", "take a smaller inference.part_rows"
        if self.address is not None:
            do = f"start one: {self.worker} {self.address}"
        raise ConfigError(expected(f"workers of {self._place}", found, f"{do}; {_GO_ON}"))

    @property
    def _place(self) -> str:
        return self.address or "this machine"

    def result(self, future: Ended) -> Any:
        """Return what a part's score is; raise its error, ConfigError if the cluster has failed."""
        try:
            result = future.result()
        except Exception as error:
            what = f"every part to be scored by workers of {self._place}"
            do = "see their log, and take a smaller inference.part_rows if they want memory"
            raise ConfigError(expected(what, self.reason(error), f"{do}; {_GO_ON}")) from error
        if isinstance(result, Failed):
            raise result.error
        return result

    def reason(self, error: Exception) -> str:
        """Return an error of the cluster in a line."""
        if _ENDED.search(str(error)):
            return "one whose worker has ended each time, perhaps for want of memory"
        return next(iter(str(error).splitlines()), type(error).__name__)
