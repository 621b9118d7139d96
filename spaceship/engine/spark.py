"""Spark engine: the parts of a table scored by the Python processes of Spark's executors."""

import logging
import os
import re
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from spaceship._upstream import forget_spark
from spaceship.engine._base import Part
from spaceship.engine._cluster import SECONDS, ClusterEngine, Ended, Joined
from spaceship.errors import ConfigError, MissingDependencyError, expected

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext

_ERROR = re.compile(r"(Error|Exception): ")
_TRIES = 4  # of a part whose process ends, as on Spark's clusters
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # half the CPU time of a short-lived driver
_LOOPBACK = "127.0.0.1"


class SparkEngine(ClusterEngine):
    """Executors of the master at `address`, or so many processes of this machine.

    >>> scored = []
    >>> SparkEngine(workers=2).run([Part(0, "file:///rows.arrow", 7)], str, scored.append)
    >>> scored
    ["Part(number=0, uri='file:///rows.arrow', rows=7)"]
    """

    package, extra = "pyspark", "spark"
    worker = "start-worker.sh"

    def __init__(self, workers: int, address: str | None = None) -> None:
        """Keep the settings; raise if one cannot be used or Spark or Java is not installed."""
        super().__init__(workers, address)
        if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
            what, do = "Java 17 or newer for engine=spark", "install it, or set JAVA_HOME"
            raise MissingDependencyError(expected(what, "none", do))

    def check(self) -> None:
        """Raise ConfigError if nothing listens at the places of `spark://HOST:PORT,HOST:PORT`."""
        kind, _, places = (self.address or "").partition("://")
        faults = [_fault(place) for place in places.split(",")] if kind == "spark" else [None]
        if all(faults):
            do = "start it with start-master.sh, or let one start here: engine.address=null"
            raise ConfigError(expected(f"Spark's master at {self.address}", faults[0], do))

    @contextmanager
    def joined(self, workers: int) -> Iterator[Joined]:
        """Join the master, or start Spark in a process of this machine."""
        self.check()
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory())
            log = stack.enter_context(TemporaryFile())
            context = stack.enter_context(self._context(self._conf(workers, folder), log))
            pool = ThreadPoolExecutor(2 * max(workers, context.defaultParallelism))
            stack.callback(pool.shutdown)
            stack.callback(_cancel, context)
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            yield _Joined(context, pool)

    def _conf(self, workers: int, folder: str) -> "SparkConf":
        from pyspark import SparkConf

        conf = SparkConf().setAppName("spaceship").set("spark.ui.enabled", "false")
        conf.set("spark.ui.showConsoleProgress", "false")
        if self.address is not None:
            return conf.setMaster(self.address)
        conf.setMaster(f"local[{workers},{_TRIES}]").set("spark.local.dir", folder)
        conf.set("spark.driver.host", _LOOPBACK).set("spark.driver.bindAddress", _LOOPBACK)
        conf.set("spark.authenticate", "true")  # by a secret that Spark makes
        conf.set("spark.driver.extraJavaOptions", _JAVA)
        return conf.setExecutorEnv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))

    @contextmanager
    def _context(self, conf: "SparkConf", log: IO[bytes]) -> Iterator["SparkContext"]:
        """Start Spark's driver, whose lines go to a file, and end it with the block."""
        from pyspark import SparkContext
        from pyspark.java_gateway import launch_gateway

        logging.getLogger("py4j").setLevel(logging.CRITICAL)  # the command reports what fails
        heard = signal.getsignal(signal.SIGINT)
        with ExitStack() as stack:
            try:
                gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
                stack.callback(_end, gateway)
                context = SparkContext(conf=conf, gateway=gateway)
            except Exception as error:
                log.seek(0)
                found = _cause(log.read().decode(errors="replace")) or self.reason(error)
                do = "check engine.address and that `java -version` is 17 or newer"
                raise ConfigError(expected("Spark to start", found, do)) from error
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, heard)  # Spark's own handler hides the command's
            stack.callback(context.stop)
            if self.address is None:
                context.pythonExec = sys.executable
            yield context

    def reason(self, error: Exception) -> str:
        """Return the last cause of a failed job in a line."""
        java = getattr(error, "java_exception", None)
        cause = "" if java is None else _cause(java.getMessage())
        return super().reason(RuntimeError(cause) if cause else error)


@dataclass(frozen=True)
class _Joined:
    """Spark in use: each part is a job of its own, so that its result comes at once."""

    context: "SparkContext"
    pool: ThreadPoolExecutor

    def submit(self, work: Callable[[Part], Any], part: Part, /) -> Ended:
        return self.pool.submit(self._job, work, part)

    def _job(self, work: Callable[[Part], Any], part: Part) -> Any:
        [result] = self.context.parallelize([part], 1).map(work).collect()
        return result

    def is_idle(self) -> bool:
        tracker = self.context.statusTracker()
        stages = map(tracker.getStageInfo, tracker.getActiveStageIds())
        return not any(stage is not None and stage.numActiveTasks for stage in stages)


def _cause(text: object) -> str:
    """Return the last line of a text that names an error."""
    named = [line for line in str(text).splitlines() if _ERROR.search(line)]
    return named[-1].strip() if named else ""


def _end(gateway: Any) -> None:
    """End Spark's driver, which ends with its standard input."""
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    forget_spark()


def _cancel(context: "SparkContext") -> None:
    with suppress(Exception):  # Spark may be gone
        context.cancelAllJobs()


def _fault(place: str) -> Exception | None:
    """Return why nobody can be reached at HOST:PORT; None if somebody listens there."""
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SECONDS).close()
    except (OSError, ValueError) as error:
        return error
    return None
