"""Dask engine: the parts of a table scored by the workers of a Dask cluster."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spaceship.engine._base import Part
from spaceship.engine._cluster import SECONDS, ClusterEngine, Ended
from spaceship.errors import ConfigError, expected
from spaceship.process.temporary import temporary_folder

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_QUIET = "critical"  # level of Dask's log lines: the command reports what fails

_DEAF = """import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)"""
"""Code that a worker begins with: on Ctrl-C the command ends it, and LightGBM's lines are lost."""


class DaskEngine(ClusterEngine):
    """Workers of the scheduler at `address`, or so many processes of this machine.

    >>> scored = []
    >>> DaskEngine(workers=2).run([Part(0, "file:///rows.arrow", 7)], str, scored.append)
    >>> scored
    ["Part(number=0, uri='file:///rows.arrow', rows=7)"]
    """

    package, extra = "distributed", "dask"
    worker = "dask worker"
    fits = True

    @contextmanager
    def joined(self, workers: int) -> Iterator["Scheduler"]:
        """Join the scheduler, or start one that answers this user alone."""
        import dask

        # the first is read on import; a busy command hears its workers late, an ended one at once
        dask.config.set({"logging.distributed": _QUIET, "distributed.scheduler.worker-ttl": None})
        from distributed import Client

        # each has a level of its own; the last writes what a call stopped by Ctrl-C leaves behind
        for name in ("distributed", "distributed.client", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with ExitStack() as stack:
            if self.address is None:
                place = stack.enter_context(_local_cluster(workers))
            else:
                place = self.address
                self._check_address()
            client = stack.enter_context(Client(place, timeout=SECONDS, set_as_default=False))
            yield Scheduler(client)

    def _check_address(self) -> None:
        """Raise ConfigError unless a scheduler is there."""
        from distributed import Security
        from distributed.comm import connect

        async def greet() -> None:
            safe = Security().get_connection_args("scheduler")
            await (await connect(self.address, timeout=SECONDS, **safe)).close()

        try:
            asyncio.run(asyncio.wait_for(greet(), SECONDS + 1))
        except (OSError, ValueError) as error:
            found = str(error) or f"no answer within {SECONDS:.0f} seconds"
            do = "start it with `dask scheduler`, or let one start here: engine.address=null"
            what = f"a Dask scheduler at {self.address}"
            raise ConfigError(expected(what, found, do)) from error

    def reason(self, error: Exception) -> str:
        """Return an error of the cluster in a line; those of parts are no errors here."""
        if isinstance(error, OSError) or "scheduler-connection-lost" in str(error):
            return "a scheduler that has ended or cannot be reached any more"
        return super().reason(error)


@contextmanager
def _local_cluster(workers: int) -> Iterator["LocalCluster"]:
    """Start so many processes that take work from this user alone, and stop them."""
    from distributed import LocalCluster

    with (
        temporary_folder() as folder,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            security=True,
            silence_logs=logging.CRITICAL,
            local_directory=str(folder),
            preload=[_DEAF],
        ) as cluster,
    ):
        yield cluster


@dataclass(frozen=True)
class Scheduler:
    """Scheduler in use.

    >>> with DaskEngine(workers=2).joined(2) as scheduler:
    ...     len(scheduler.workers()), scheduler.is_idle()
    (2, False)
    """

    client: "Client"

    def workers(self) -> list[str]:
        """Return the sorted addresses of the workers that are there now.

        `Client.scheduler_info` may return none or some: a timer of the client puts an answer
        without workers in the place that it reads from (distributed 2026.8).
        """
        known = self.client.sync(self.client.scheduler.identity, n_workers=-1)
        return sorted(known["workers"])

    def submit(self, work: Callable[[Part], Any], part: Part, /) -> Ended:
        """Let some worker score a part."""
        made: Ended = self.client.submit(work, part, pure=False)
        return made

    def is_idle(self) -> bool:
        """Return whether there is no worker."""
        try:
            return self.client.status != "running" or not self.workers()
        except OSError:  # the scheduler has ended
            return True
