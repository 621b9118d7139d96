"""Spark engine: the parts of a table scored by the Python processes of Spark's executors."""

import logging
import os
import re
import shutil
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from spaceship._upstream import forget_spark
from spaceship.engine._base import Part
from spaceship.engine._cluster import SECONDS, TRIES, ClusterEngine, Ended, Joined
from spaceship.errors import ConfigError, MissingDependencyError, expected
from spaceship.process.temporary import temporary_folder

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext

_UNANSWERED = "All masters are unresponsive"  # in Spark's log, after a minute
_ERROR = re.compile(rf"(Error|Exception): |{_UNANSWERED}")
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # half the CPU time of a short-lived driver
_LOOPBACK = "127.0.0.1"
_ANOTHER = "another kind of server"
_FILE = b"/files/\r\n\r\n"  # web servers wait for the end of a line
_QUESTION = struct.pack(">qbi", 13 + len(_FILE), 6, len(_FILE)) + _FILE
"""Request for a file in Spark's protocol, by length, kind and name; the answer: it is absent."""
_ANSWERS = (b"\0", b"\x15", b"")  # first bytes: of a length, of a fault of TLS, none
_ANSWER_SECONDS = 5.0


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
        """Raise ConfigError if no master can be at the places of `spark://HOST:PORT,HOST:PORT`."""
        kind, _, places = (self.address or "").partition("://")
        faults = [_fault(place) for place in places.split(",")] if kind == "spark" else [None]
        if all(faults):
            raise self._no_master(faults[0])

    def _no_master(self, found: object) -> ConfigError:
        do = "start it with start-master.sh, or let one start here: engine.address=null"
        return ConfigError(expected(f"Spark's master at {self.address}", found, do))

    @contextmanager
    def joined(self, workers: int) -> Iterator[Joined]:
        """Join the master, or start Spark in a process of this machine."""
        self.check()
        with ExitStack() as stack:
            folder = str(stack.enter_context(temporary_folder()))
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
        conf.setMaster(f"local[{workers},{TRIES}]").set("spark.local.dir", folder)
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
                found = _cause(_text(log)) or self.reason(error)
                do = "check engine.address and that `java -version` is 17 or newer"
                raise ConfigError(expected("Spark to start", found, do)) from error
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, heard)  # Spark's own handler hides the command's
            stack.callback(context.stop)
            if _UNANSWERED in _text(log):
                raise self._no_master(_ANOTHER)
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


def _text(log: IO[bytes]) -> str:
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), size, 0).decode(errors="replace")  # Java goes on at its end


def _end(gateway: Any) -> None:
    """End Spark's driver, which ends with its standard input."""
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    forget_spark()


def _cancel(context: "SparkContext") -> None:
    with suppress(Exception):  # Spark may be gone
        context.cancelAllJobs()


def _fault(place: str) -> object:
    """Return why no master can be reached at HOST:PORT; None if one may be there."""
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), SECONDS) as server:
            server.sendall(_QUESTION)
            server.settimeout(_ANSWER_SECONDS)
            with suppress(TimeoutError):
                return None if server.recv(1024)[:1] in _ANSWERS else _ANOTHER
    except ConnectionResetError:
        return None  # so may one that wants a secret
    except (OSError, ValueError) as error:
        return error
    return None
