"""Jobs of a multirun as tasks of Ray, so many at once, each in a process of its own."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, filter_overrides, run_job, setup_globals
from hydra.errors import CompactHydraException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from hydra_plugins.spaceship_ray._cluster import ClusterError, connected
from hydra_plugins.spaceship_ray._streams import borrowed_streams, lent_streams
from hydra_plugins.spaceship_ray.config import RayLauncherConf

log = logging.getLogger(__name__)

Given = tuple[HydraContext, TaskFunction, DictConfig]  # as Hydra hands them to a launcher
_AGAIN_SECONDS = 0.1  # after which a dropped interrupt is sent again
_END_SECONDS = 10.0  # for jobs that are interrupted to close what they have open


class LauncherError(CompactHydraException):
    """Jobs that cannot be started."""

    exit_status = 2  # with which an application may end its process


class JobDiedError(BrokenExecutor):
    """Process of a job that has died; the other jobs have ended by then."""


@dataclass(frozen=True)
class Surroundings:
    """What the process of a job gets from this one."""

    streams: str | None = None  # socket that lends standard output and error; None: Ray's files
    environment: Mapping[str, str] = field(default_factory=dict)


def run_jobs(
    given: Given, settings: RayLauncherConf, jobs: Mapping[int, list[str]]
) -> list[JobReturn]:
    """Run jobs, given the overrides of each by its number, and return their results in order.

    Raises:
        LauncherError: The cluster cannot be used.
        JobDiedError: The process of a job has died.

    """
    setup_globals()
    config = given[2]
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    folder = Path(str(config.hydra.sweep.dir))
    folder.mkdir(parents=True, exist_ok=True)
    log.info("Ray is launching %d jobs in %s", len(jobs), folder)
    for number, overrides in jobs.items():
        log.info("\t#%d : %s", number, " ".join(filter_overrides(overrides)))
    at_once = min(settings.n_jobs if settings.n_jobs > 0 else _cores(), len(jobs))
    try:
        with connected(settings.address, at_once):
            if settings.address is None:
                with lent_streams() as streams:
                    return _results(given, jobs, at_once, Surroundings(streams))
            sent = {name: os.environ[name] for name in settings.environment if name in os.environ}
            return _results(given, jobs, at_once, Surroundings(environment=sent))
    except ClusterError as error:
        raise LauncherError(_message(error, settings.address)) from error


def _cores() -> int:
    """Return the number of CPU cores that this process may use."""
    may = getattr(os, "sched_getaffinity", None)
    return len(may(0)) if may else os.cpu_count() or 1


def _message(error: ClusterError, address: str | None) -> str:
    if address is None:
        do = 'run: pip install "ray>=2.60", or choose hydra/launcher=joblib'
        return f"expected a Ray cluster of this machine, found: {error}; {do}"
    do = "give the HOST:PORT that `ray start --head` has printed, or leave it out"
    return f"expected a Ray cluster at hydra.launcher.address, found: {error}; {do}"


def _results(
    given: Given, jobs: Mapping[int, list[str]], at_once: int, surroundings: Surroundings
) -> list[JobReturn]:
    """Return the results of all jobs; if one raises what Hydra does not keep, interrupt the others.

    Raises:
        JobDiedError: The process of a job has died.

    """
    import ray
    from ray import cloudpickle

    packed = ray.put(cloudpickle.dumps((given, Singleton.get_state())))
    task = ray.remote(num_cpus=1, max_retries=0)(_run)
    waiting, running, done = [*jobs.items()], dict[object, int](), dict[int, JobReturn]()
    died: Exception | None = None
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number, overrides = waiting.pop(0)
                running[task.remote(surroundings, packed, number, overrides)] = number
            [ended], _ = ray.wait([*running])
            number = running.pop(ended)
            try:
                done[number], error = ray.get(ended)
            except ray.exceptions.RayError as fault:
                died = fault
            else:
                if error is not None:
                    raise error
    except BaseException:
        for one in running:
            ray.cancel(one)
        if running:
            ray.wait([*running], num_returns=len(running), timeout=_END_SECONDS)
        raise
    if died is not None:
        raise JobDiedError(str(died)) from died
    return [done[number] for number in jobs]


def _run(
    surroundings: Surroundings, packed: bytes, number: int, overrides: list[str]
) -> tuple[JobReturn | None, BaseException | None]:
    """Run a job in this process of Ray's; return its result, or what it raises.

    A process that raises SystemExit would look as if it had died.
    """
    from ray import cloudpickle

    os.environ.update(surroundings.environment)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # Ray's cancelling raises it
    sys.unraisablehook = raise_again
    with borrowed_streams(surroundings.streams):
        try:
            given, state = cloudpickle.loads(packed)
            Singleton.set_state(state)
            return _job(given, number, overrides), None
        except BaseException as error:  # noqa: BLE001 - raised again by the launcher
            return None, error


def raise_again(lost: "sys.UnraisableHookArgs") -> None:
    """Interrupt this process again if Python has dropped an interrupt, as at an object's end.

    >>> sys.unraisablehook is raise_again  # until a job runs here
    False
    """
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


def _job(given: Given, number: int, overrides: list[str]) -> JobReturn:
    """Run a job as Hydra's own launchers do."""
    context, task, config = given
    setup_globals()
    own = context.config_loader.load_sweep_config(config, overrides)
    with open_dict(own):
        own.hydra.job.id = f"{own.hydra.job.name}_{number}"
        own.hydra.job.num = number
    HydraConfig.instance().set_config(own)
    return run_job(
        task_function=task,
        config=own,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
        hydra_context=context,
    )
