"""Command line around Hydra's main: the exit status of each error, and a true status of runs."""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from spaceship.cli.console import close_console, open_console
from spaceship.cli.machine_output import note_error, open_machine_output, write_object
from spaceship.cli.signals import (
    OF_SIGNAL,
    PIPE_CLOSED,
    catch_signals,
    caught_signal,
    ignore_signals,
)
from spaceship.cli.streams import escape_log_records, lost_output, open_streams
from spaceship.errors import expected
from spaceship.process.at_exit import PENDING, Refusal
from spaceship.registry.role import give_up_promotion, may_promote
from spaceship.results import Result, report_result

if TYPE_CHECKING:
    from omegaconf import DictConfig

_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads starve a shared core
    "OMP_NUM_THREADS": "1",  # two wait for each other: six times as slow here
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",  # seconds that a server may be silent; it is asked again
    "PGCONNECT_TIMEOUT": "10",  # seconds, of every PostgreSQL server; TCP waits for two minutes
}


def main() -> NoReturn:
    """Run the command line and exit: `spaceship` of a wheel, `scripts/run.py` of a checkout."""
    catch_signals()
    open_streams()
    open_machine_output()
    open_console()
    try:
        exit_with(_run_hydra)
    finally:
        close_console()
        gc.freeze()  # else Python searches all that was imported for garbage once more: 0.7 s


def prepare() -> None:
    """Set the environment and register the resolvers, before Hydra composes a config.

    >>> prepare()
    >>> os.environ["HYDRA_FULL_ERROR"]
    '1'
    """
    from spaceship.config.resolvers import register_resolvers

    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if not may_promote():
        give_up_promotion()  # for good: `hydra.job.env_set` may change the variable later
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come through to `exit_with`, which reports them
    escape_log_records()
    register_resolvers()


def run_mode(cfg: "DictConfig") -> float | list[float] | None:
    """Run the verb of `mode=` on the config and return its objective, if it has one."""
    PENDING.raise_first()  # a callback that failed to start the job's run must not go unnoticed
    from spaceship.config.allow_list import verb_of
    from spaceship.config.secrets import guard
    from spaceship.experiment import Experiment

    escape_log_records()  # in a worker, too
    guard()  # of a worker, too
    logging.captureWarnings(capture=True)  # of libraries, into the job's log file
    experiment = Experiment.of_job(cfg)
    made = verb_of(cfg.mode)(experiment)
    if not isinstance(made, Result):  # of a mode of somebody else's
        return made  # type: ignore[no-any-return]
    if not experiment.job.in_multirun:  # whose result is made when all its jobs have ended
        report_result(made)
    return made.objective


def exit_with(main: Callable[[], object]) -> NoReturn:
    """Run Hydra's main and exit: 0 done, 2 the user can fix it, 3 refused, 1 anything else.

    Whatever ends the process short of SIGKILL, runs that are still open are closed as FAILED or
    KILLED, so that none is left running. A signal ends it with 128 + its number, a reader of
    standard output that has gone away with 141, any other failure to write there with 2.

    >>> exit_with(lambda: None)
    Traceback (most recent call last):
    SystemExit: 0
    """
    status, ending = 1, "FAILED"
    try:
        main()
        PENDING.raise_first()
        status = 0
    except BaseException as error:
        if (found := _status_of(error)) is None:
            raise
        status, ending = found
    finally:
        ignore_signals()
        PENDING.end_runs(ending)
        status, fault = write_object(status)
    sys.exit(_with_output(status, fault or lost_output()))


def _run_hydra() -> None:
    import hydra

    from spaceship._upstream import raise_plainly
    from spaceship.cli.flags import arrange
    from spaceship.config.installation import configs
    from spaceship.config.loader import install
    from spaceship.config.secrets import guard
    from spaceship.process.temporary import remove_left_folders

    prepare()
    raise_plainly()
    install()  # here, as another app may prepare itself and have configs of its own
    guard()
    arrange()
    remove_left_folders()
    composed = hydra.main(str(configs()), "config", version_base="1.3")(run_mode)
    composed()


def _status_of(error: BaseException) -> tuple[int, str] | None:
    """Report an error; return the exit status and that of open runs, None for a fault of ours."""
    if isinstance(error, KeyboardInterrupt) or caught_signal() is not None:
        number = caught_signal() or signal.SIGINT  # a library may have made another error of it
        name = signal.Signals(number).name
        note_error(error, f"ended by {name}", kind=name)
        if number == signal.SIGINT:
            _print_error("Interrupted.")
        return OF_SIGNAL + number, "KILLED"
    from spaceship.cli.messages import commands_in, explain, laid_out, raised_by_hydra

    if isinstance(error, Refusal) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if status == 1 and raised_by_hydra(error):
            status, message = 2, expected("what Hydra can do", "what it says above", "see --help")
            note_error(error, message)
            _print_error(f"error: {message}")
        return status, "KILLED"
    if isinstance(error, Exception) and (explained := explain(error)) is not None:
        status, message = explained
        note_error(error, message, commands_in(message))
        _print_error(laid_out(message, sys.stderr))
        return status, "FAILED"
    return None


def _with_output(status: int, fault: Exception | None) -> int:
    """Return the exit status, given the error of a failed write to standard output."""
    if isinstance(fault, BrokenPipeError):
        return PIPE_CLOSED
    if fault is not None and status == 0:
        found = getattr(fault, "strerror", None) or fault
        do = "the work is done, send its lines elsewhere"
        _print_error(f"error: {expected('to write to standard output', found, do)}")
        return 2
    return status


def _print_error(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
