"""Local engine: the parts of a table scored by processes of this machine, or in this one."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from spaceship.engine._base import Engine, Part, check_workers
from spaceship.errors import ConfigError, expected


class LocalEngine(Engine):
    """Processes of this machine, as many as `workers`; a single part is scored in this process.

    >>> scored = []
    >>> LocalEngine(workers=2).run([Part(0, "file:///rows.arrow", 7)], str, scored.append)
    >>> scored
    ["Part(number=0, uri='file:///rows.arrow', rows=7)"]
    """

    def __init__(self, workers: int) -> None:
        """Keep the number of processes; raise ConfigError if it is none."""
        check_workers(workers)
        self.workers = workers

    def run(
        self, parts: Sequence[Part], score: Callable[[Part], Any], sink: Callable[[Any], None]
    ) -> None:
        """Score the parts, each worker on one thread."""
        workers = min(self.workers, len(parts))
        if workers <= 1:
            for part in parts:
                sink(score(part))
            return
        from concurrent.futures.process import BrokenProcessPool

        from joblib import Parallel, delayed, parallel_config

        with (
            warnings.catch_warnings(),
            parallel_config("loky", n_jobs=workers, inner_max_num_threads=1),
        ):
            # loky ends a worker that has grown by 300 MB, and starts another one in its place
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            scored = Parallel(
                return_as="generator_unordered", pre_dispatch="2*n_jobs", batch_size=1
            )
            try:
                for result in scored(delayed(score)(part) for part in parts):
                    sink(result)
            except BrokenProcessPool as error:
                found = "one that the system has ended, probably for want of memory"
                do = "take fewer or smaller parts at once: engine.workers=1, or a smaller "
                do += "inference.part_rows"
                raise ConfigError(expected(f"{workers} processes", found, do)) from error
