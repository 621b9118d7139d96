"""Local engine: the parts of a table scored by this process and by others of this machine."""

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, nullcontext
from functools import partial
from queue import SimpleQueue
from typing import Any

from spaceship._upstream import loky_processes
from spaceship.engine._base import Engine, Part, check_workers
from spaceship.engine._worker import end_with
from spaceship.errors import ConfigError, expected

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class LocalEngine(Engine):
    """As many processes as `workers`; this process is one of them.

    >>> scored = []
    >>> LocalEngine(workers=2).run([Part(0, "file:///rows.arrow", 7)], str, scored.append)
    >>> scored
    ["Part(number=0, uri='file:///rows.arrow', rows=7)"]
    """

    def __init__(self, workers: int) -> None:
        """Keep the number of processes; raise ConfigError if it is none."""
        check_workers(workers)
        self.workers = workers
        self._started: Executor | None = None

    @contextmanager
    def started(self, load: Callable[[], object]) -> Iterator[None]:
        """Start the other processes, which call `load`, and end them when the block ends."""
        if self.workers == 1:
            yield
            return
        with _processes(self.workers - 1) as pool:
            for _ in range(self.workers - 1):
                pool.submit(load)
            self._started = pool
            try:
                yield
            finally:
                self._started = None

    def run(
        self, parts: Sequence[Part], score: Callable[[Part], Any], sink: Callable[[Any], None]
    ) -> None:
        """Score the parts; each process uses one thread if there are several."""
        others = min(self.workers, len(parts)) - 1
        if others < 1:
            for part in parts:
                sink(score(part))
            return
        from concurrent.futures.process import BrokenProcessPool

        from threadpoolctl import threadpool_limits

        started = self._started
        with (
            _processes(others) if started is None else nullcontext(started) as pool,
            threadpool_limits(1),
        ):
            try:
                for result in _Shared(pool, parts, score).results(others):
                    sink(result)
            except BrokenProcessPool as error:
                found = "one that the system has ended, probably for want of memory"
                do = "take fewer or smaller parts at once: engine.workers=1, or a smaller "
                do += "inference.part_rows"
                raise ConfigError(expected(f"{others + 1} processes", found, do)) from error


class _Shared:
    """Parts that this process and others score: whoever is done with one takes the next."""

    def __init__(self, pool: Executor, parts: Sequence[Part], score: Callable[[Part], Any]) -> None:
        self.pool, self.score = pool, score
        self.waiting, self.ended = deque(parts), SimpleQueue[Future[Any]]()

    def results(self, others: int) -> Iterator[Any]:
        """Yield what the parts' scores are, in any order."""
        try:
            n_parts = len(self.waiting)
            for _ in range(others):
                self._submit()
            for _ in range(n_parts):
                part = self._next() if self.ended.empty() else None
                yield self.ended.get().result() if part is None else self.score(part)
        finally:
            self.waiting.clear()

    def _next(self) -> Part | None:
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def _submit(self) -> None:
        """Let another process score the next part, and the one after it."""
        if (part := self._next()) is None:
            return
        try:
            future = self.pool.submit(self.score, part)
        except Exception as error:  # noqa: BLE001 - raised by `results`
            future = Future()
            future.set_exception(error)
        future.add_done_callback(self._end)

    def _end(self, future: Future[Any]) -> None:
        self.ended.put(future)
        if future.exception() is None:
            self._submit()


@contextmanager
def _processes(number: int) -> Iterator[Executor]:
    """Start so many processes of one thread each when the first call comes, and end them."""
    with warnings.catch_warnings():
        # loky ends a worker that has grown by 300 MB, and starts another one in its place
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        first = partial(end_with, os.getpid())
        pool = loky_processes(number, dict.fromkeys(_THREADS, "1"), first)
        try:
            yield pool
        finally:
            pool.shutdown(kill_workers=True)
