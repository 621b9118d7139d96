"""Command line around Hydra's main: exit statuses, and runs that end with a true status."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from omegaconf import DictConfig

from spaceship.at_exit import PENDING
from spaceship.cli.messages import explain, raised_by_hydra
from spaceship.config.allow_list import verb
from spaceship.config.installation import configs
from spaceship.config.loader import install, refuse_rerun
from spaceship.config.resolvers import register_resolvers
from spaceship.config.secrets import guard

INTERRUPTED = 130
TERMINATED = 143
PIPE_CLOSED = 141

_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads starve a shared core
    "OMP_NUM_THREADS": "1",  # two wait for each other: six times as slow here
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def main() -> NoReturn:
    """Run the command line and exit: `spaceship` of a wheel, `scripts/run.py` of a checkout."""
    import hydra

    prepare()
    install()  # here, as another app may prepare itself and have configs of its own
    guard()
    composed = hydra.main(str(configs()), "config", version_base="1.3")(run_mode)

    def compose_and_run() -> None:
        refuse_rerun()
        composed()

    exit_with(compose_and_run)


def prepare() -> None:
    """Set the environment and register the resolvers, before Hydra composes a config.

    >>> prepare()
    >>> os.environ["HYDRA_FULL_ERROR"]
    '1'
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come through to `exit_with`, which reports them
    register_resolvers()


def run_mode(cfg: DictConfig) -> float | list[float] | None:
    """Run the verb of `mode=` on the config and return its objective, if it has one."""
    PENDING.raise_first()  # a callback that failed to start the job's run must not go unnoticed
    from spaceship.experiment import Experiment

    guard()  # of a worker, too
    logging.captureWarnings(capture=True)  # of libraries, into the job's log file
    mode = verb(cfg.mode.get("_target_") if isinstance(cfg.mode, DictConfig) else cfg.mode)
    return mode(Experiment.of_job(cfg))  # type: ignore[no-any-return]


def exit_with(main: Callable[[], object]) -> NoReturn:
    """Run Hydra's main and exit: 0 done, 2 the user can mend it, 3 refused, 1 anything else.

    Whatever ends the process short of SIGKILL, runs that are still open are closed as FAILED or
    KILLED, so that none stands as running.

    >>> exit_with(lambda: None)
    Traceback (most recent call last):
    SystemExit: 0
    """
    signal.signal(signal.SIGTERM, _terminate)
    status, ending = 1, "FAILED"
    try:
        main()
        PENDING.raise_first()
        sys.stdout.flush()
        status = 0
    except KeyboardInterrupt:
        status, ending = INTERRUPTED, "KILLED"
        _print_error("Interrupted.")
    except SystemExit as request:
        status, ending = request.code if isinstance(request.code, int) else 1, "KILLED"
        if status == 1 and raised_by_hydra(request):
            status = 2
            _print_error("error: expected what Hydra can do, found what it says above; see --help")
    except BrokenPipeError:  # nobody reads any more, as in `--help | head -1`
        status, ending = PIPE_CLOSED, "KILLED"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if (explained := explain(error)) is None:
            raise
        status, message = explained
        _print_error(f"error: {message}")
    finally:
        PENDING.end_runs(ending)
    sys.exit(status)


def _print_error(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)
