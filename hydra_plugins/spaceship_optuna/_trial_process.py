"""Process that runs a worker's trials under a time limit: it is killed when a trial's time is up.

Neither a signal nor an exception ends C code of a library; only the end of its process does. One
process runs all trials of a worker, until it has to be killed, so that its imports are paid once.
`python -m hydra_plugins.spaceship_optuna._trial_process FD PARENT` serves the connection FD.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe

import cloudpickle  # type: ignore[import-untyped]
import psutil
from hydra.core.singleton import Singleton
from hydra.core.utils import configure_log, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna._job import JobConfig, Outcome, outcome_of, run_job
from hydra_plugins.spaceship_optuna._trial import Reporter, reporting_to
from hydra_plugins.spaceship_optuna.process import ENDING_SIGNALS

_END_SECONDS = 10
_POLL_SECONDS = 1
_PR_SET_PDEATHSIG = 1  # of Linux: the signal that a process gets when its parent dies


class TrialProcess:
    """Runs trials in a process of its own; each is ended after a time limit.

    Args:
        context: With the callbacks of each trial's job.
        task: The app's function.
        config: Of the multirun.

    """

    def __init__(self, context: HydraContext, task: TaskFunction, config: DictConfig) -> None:
        state = Singleton.get_state()
        self._given = cloudpickle.dumps((context, task, state, config.hydra.hydra_logging))
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def run(self, config: JobConfig, n_values: int, reporter: Reporter, limit: float) -> Outcome:
        """Run a trial's job; its steps are reported to this process."""
        connection = self._connection or self._start()
        deadline = time.monotonic() + limit
        try:
            connection.send_bytes(cloudpickle.dumps((config, n_values)))
            while connection.poll(max(0, deadline - time.monotonic())):
                answer = connection.recv()
                if isinstance(answer, Outcome):
                    return answer
                connection.send(reporter(*answer))
        except (EOFError, OSError):
            self.end()
            return Outcome.lost_by("its process died: killed, out of memory, or ended by the job")
        except BaseException:
            self.end()
            raise
        self.end()
        return Outcome.lost_by(f"it took longer than hydra.sweeper.trial_timeout={limit:g} s")

    def end(self) -> None:
        """Kill the process and all that it has started."""
        process, self._process, self._connection = self._process, None, None
        if process is None:
            return
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(process.pid)
            for one in [*own.children(recursive=True), own]:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
        process.wait(_END_SECONDS)

    def _start(self) -> Connection:
        """Start the process, and wait until it has imported the app."""
        ours, theirs = Pipe()
        module, parent = "hydra_plugins.spaceship_optuna._trial_process", str(os.getpid())
        command = [sys.executable, "-m", module, str(theirs.fileno()), parent]
        path = os.pathsep.join(one or os.getcwd() for one in sys.path)  # noqa: PTH109
        self._process = subprocess.Popen(  # noqa: S603
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        theirs.close()
        self._connection = ours
        with suppress(EOFError, OSError):  # `run` finds it dead
            ours.send_bytes(self._given)
            ours.recv()
        return ours


def serve(connection: Connection) -> None:
    """Run the trials that come by the connection until its other end is closed."""
    context, task, state, logs = cloudpickle.loads(connection.recv_bytes())
    Singleton.set_state(state)
    setup_globals()
    configure_log(logs)
    connection.send(True)

    def report(step: int, metrics: Mapping[str, float]) -> bool:
        connection.send((step, dict(metrics)))
        return bool(connection.recv())

    with suppress(EOFError), reporting_to(report):
        while True:
            config, n_values = cloudpickle.loads(connection.recv_bytes())
            connection.send(outcome_of(run_job(context, task, config), n_values))


def _end_with(parent: int, ended: Callable[[int], None] = os._exit) -> None:
    """End this process when its parent has died, which closes no call of a library."""
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    ended(1)


if __name__ == "__main__":
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # they reach its parent, which kills this process
    if sys.platform == "linux":  # even while C code keeps Python's lock
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with, args=[int(sys.argv[2])], daemon=True).start()
    serve(Connection(int(sys.argv[1])))
