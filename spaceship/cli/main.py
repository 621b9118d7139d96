"""Around Hydra's main: exit statuses, one message instead of a traceback, runs that end truly."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from traceback import walk_tb
from types import FrameType
from typing import Any, NoReturn

from omegaconf import DictConfig

from spaceship.at_exit import PENDING
from spaceship.config.allow_list import check_hydra, verb
from spaceship.config.build import redact, register_resolvers
from spaceship.errors import SpaceshipError

INTERRUPTED = 130
TERMINATED = 143
PIPE_CLOSED = 141

_ESTIMATOR_ERRORS = ("InvalidParameterError", "LightGBMError", "CatBoostError", "XGBoostError")
_ESTIMATOR_MODULES = ("lightgbm.", "catboost.", "xgboost.")
"""What libraries raise for settings they refuse, or where; so that none is imported for it."""
_OUR_MODULES = ("spaceship.", "hydra_plugins.", "none")
_QUOTED = """'KEY="a, (value)"'"""
_CHECKED = "checked_by_spaceship"
_STORAGE_FAULTS = (
    os.strerror(errno.ENOSPC),
    os.strerror(errno.EDQUOT),
    os.strerror(errno.EROFS),
    "database or disk is full",
    "attempt to write a readonly database",
    "database disk image is malformed",
)
"""What the system and SQLite say, through whatever library, of a place that takes no data."""


def prepare() -> None:
    """Do what has to be done before Hydra composes a config."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve a shared core
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two wait for each other: six times as slow here
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come through to `exit_with`, which reports them
    register_resolvers()
    _check_what_hydra_makes()


def run_mode(cfg: DictConfig) -> float | list[float] | None:
    """Run the verb of `mode=` on the config and return its objective, if it has one."""
    PENDING.raise_first()  # a callback that failed to start the job's run must not go unnoticed
    from spaceship.experiment import Experiment

    mode = verb(cfg.mode.get("_target_") if isinstance(cfg.mode, DictConfig) else cfg.mode)
    return mode(Experiment.of_job(cfg))  # type: ignore[no-any-return]


def exit_with(main: Callable[[], object]) -> NoReturn:
    """Run Hydra's main and exit: 0 done, 2 the user can mend it, 3 refused, 1 anything else.

    Whatever ends the process short of SIGKILL, runs that are still open are closed as FAILED or
    KILLED, so that none stands as running.
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
        _say("Interrupted.")
    except SystemExit as exit_request:
        status = exit_request.code if isinstance(exit_request.code, int) else 1
        if status == 1 and _of_hydra_alone(exit_request):
            status = 2
            _say("error: expected what Hydra can do, found what it says above; see --help")
        ending = "KILLED"
    except BrokenPipeError:  # nobody reads any more, as in `--help | head -1`
        status, ending = PIPE_CLOSED, "KILLED"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if (mendable := _exit_status(error)) is None:
            raise
        status = mendable
        _say(f"error: {_message(error)}")
    finally:
        PENDING.end_runs(ending)
    sys.exit(status)


def _exit_status(error: Exception) -> int | None:
    """Return the exit status of an error the user can mend, None for any other."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, SpaceshipError):
        return error.exit_status
    if isinstance(error, HydraException | OmegaConfBaseException):
        return 2
    if _storage_fault(error) is not None or _of_estimator(error):
        return 2
    if isinstance(error, MemoryError) or _of_hydra_alone(error):
        return 2
    return 2 if isinstance(error, OSError) and error.filename is not None else None


def _of_hydra_alone(error: BaseException) -> bool:
    """Tell whether Hydra failed at what it was given, before or after any code but its own ran."""
    modules = _modules(error)
    inner = modules[modules.index("hydra.main") :] if "hydra.main" in modules else ["none"]
    return not any(name.startswith(_OUR_MODULES) and name != __name__ for name in inner)


def _of_estimator(error: BaseException) -> bool:
    """Tell whether a library of estimators refused a setting."""
    if type(error).__name__ in _ESTIMATOR_ERRORS:
        return True
    refused = isinstance(error, TypeError | ValueError)
    return refused and (_modules(error) or [""])[-1].startswith(_ESTIMATOR_MODULES)


def _modules(error: BaseException) -> list[str]:
    """Return the modules that an error came through, the one that raised it last."""
    trace = error.__traceback__
    frames = [] if trace is None else [frame for frame, _ in walk_tb(trace)]
    return [str(frame.f_globals.get("__name__")) for frame in frames]


def _storage_fault(error: BaseException) -> str | None:
    """Return what is wrong with the place that is written to, if an error comes from that."""
    said = [str(cause) for cause in _causes(error)]
    return next((fault for fault in _STORAGE_FAULTS if any(fault in text for text in said)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _message(error: BaseException) -> str:
    """Return the message of an error and of what caused it, each said once."""
    text, cause = str(error).strip(), error.__cause__
    if not isinstance(error, SpaceshipError):
        if (known := _known(error, text)) is not None:
            return redact(known)
        if cause is not None and str(cause).strip() not in text:
            text = f"{text}\n{cause}"
    return redact(text)


def _known(error: BaseException, text: str) -> str | None:
    """Return what to say of errors of other libraries whose own text does not say what to do."""
    if (fault := _storage_fault(error)) is not None:
        return f"expected a folder that takes data, found: {fault}; see paths.outputs=DIR"
    if isinstance(error, OSError) and error.filename is not None:
        return f"expected to use {error.filename}, found: {error.strerror}; see paths.outputs=DIR"
    if _of_estimator(error):
        return f"expected settings the estimator takes, found: {text}; see configs/model/NAME.yaml"
    if isinstance(error, MemoryError):
        return f"expected enough memory, found none left: {text}; use less data or smaller settings"
    return _known_of_hydra(error, text)


def _known_of_hydra(error: BaseException, text: str) -> str | None:
    from hydra.errors import HydraException, OverrideParseException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, OverrideParseException):
        return f"{text}\nPut a value with special characters in two pairs of quotes: {_QUOTED}"
    if isinstance(error, HydraException | OmegaConfBaseException) or not _of_hydra_alone(error):
        return None
    found = f"{text} ({error.__cause__})" if error.__cause__ else text
    return f"expected a command line and configs that Hydra takes, found: {found}; see --help"


def _check_what_hydra_makes() -> None:
    """Let each composed config be looked at before Hydra makes callbacks and loggers from it."""
    from hydra._internal.config_loader_impl import ConfigLoaderImpl

    if hasattr(ConfigLoaderImpl, _CHECKED):
        return
    compose = ConfigLoaderImpl.load_configuration

    def checked(*args: Any, **kwargs: Any) -> DictConfig:
        config = compose(*args, **kwargs)
        check_hydra(config)
        return config

    ConfigLoaderImpl.load_configuration = checked  # type: ignore[method-assign]
    setattr(ConfigLoaderImpl, _CHECKED, True)


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)
