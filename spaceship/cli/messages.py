"""Messages for errors of other libraries: expected …, found …; do …, and their exit status."""

import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from textwrap import TextWrapper
from traceback import walk_tb
from typing import TextIO

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship._upstream import ESTIMATOR_ERRORS
from spaceship.cli.flags import corrected, suggestion
from spaceship.cli.log_lines import broken
from spaceship.config.installation import PACKAGE, programs
from spaceship.errors import SpaceshipError

_STORAGE_FAULTS = (
    *map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EROFS)),
    "database or disk is full",
    "attempt to write a readonly database",
    "database disk image is malformed",
)
"""Texts of the system and of SQLite, through whatever library, for a place that takes no data."""
_APPEND = re.compile(r"^\s*To append to your .*\n?", re.MULTILINE)
"""Advice of Hydra that is wrong wherever a name is misspelt."""
_LOADER = "spaceship.config.loader"
_STORE_ERRORS = {
    "mlflow.exceptions": "MlflowException",
    "sqlalchemy.exc": "SQLAlchemyError",
    "sqlite3": "Error",
}
"""Errors of a store whose records cannot be read or written, by the module that holds them."""
_COMMAND = "\0"  # before a line of a message that is a command
_ERROR = "error: "  # the other lines are as far to the right: no name in one looks like an error
_ENDLESS = sys.maxsize
_YAML = "configs/model/NAME.yaml"
_QUOTED = """'KEY="a, (value)"'"""


def explain(error: Exception) -> tuple[int, str] | None:
    """Return exit status and message of an error the user can fix, None for any other.

    >>> explain(MemoryError("8 GiB"))
    (2, 'expected enough memory, found none left: 8 GiB; use less data or smaller settings')
    >>> explain(ZeroDivisionError())
    """
    if isinstance(error, SpaceshipError):
        return error.exit_status, redact(f"{str(error).strip()}{corrected(error.meant)}")
    message = _of_system(error) or _of_hydra(error)
    return None if message is None else (2, redact(message))


def laid_out(message: str, stream: TextIO) -> str:
    """Return a message as it is printed: each command on lines of its own, the rest indented.

    On a terminal both are broken where words end, a command with backslashes, so that a copy works.

    >>> print(laid_out(f"expected a mode; run train: {programs()[0]} mode=train", sys.stdout))
    error: expected a mode; run train:
    ... mode=train
    """
    width = shutil.get_terminal_size().columns - len(_ERROR) if stream.isatty() else _ENDLESS
    lines: list[str] = []
    for line in _with_commands_apart(message).split("\n"):
        if line.startswith(_COMMAND):
            lines += broken(line.removeprefix(_COMMAND), width)
        else:
            start = line[: len(line) - len(line.lstrip())]
            wrapper = TextWrapper(width, initial_indent=start, subsequent_indent=start)
            wrapper.break_long_words = wrapper.break_on_hyphens = False
            lines += wrapper.wrap(line.strip()) if len(line) > width else [line]
    return _ERROR + f"\n{' ' * len(_ERROR)}".join(lines)


def commands_in(message: str) -> list[str]:
    """Return the commands that a message has for its reader.

    >>> commands_in(f"expected a mode; did you mean train: {programs()[0]} mode=train")[0][-10:]
    'mode=train'
    """
    lines = _with_commands_apart(message).split("\n")
    return [line.removeprefix(_COMMAND) for line in lines if line.startswith(_COMMAND)]


def raised_by_hydra(error: BaseException) -> bool:
    """Return whether an error came out of Hydra's main while no code of the project was running.

    Hydra answers a wrong command line with errors of any class, so the stack frames decide.

    >>> raised_by_hydra(ValueError("not out of Hydra's main"))
    False
    """
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    modules = [str(frame.f_globals.get("__name__")) for frame in frames]
    inner = modules[modules.index("hydra.main") :] if "hydra.main" in modules else ["spaceship."]
    own = [name for name in inner if name.startswith(("spaceship.", "hydra_plugins."))]
    return not {*own} - {_LOADER}  # which stands between Hydra's own frames


def _with_commands_apart(message: str) -> str:
    """Return a message with every command on a line of its own, marked."""
    starts = "|".join(map(re.escape, programs()))
    marked = re.sub(rf": (?:(?=(?:{starts}) )|(?<=\brun: ))", f":\n{_COMMAND}", message)
    return re.sub(rf"(?m)^({_COMMAND}.*), (or [\w ]+:)$", r"\1\n\2", marked)


def _of_system(error: Exception) -> str | None:
    """Return the message for an error of the system, of a storage or of an estimator."""
    text, said = str(error).strip(), "\n".join(str(one) for one in _chain(error))
    if fault := next((fault for fault in _STORAGE_FAULTS if fault in said), None):
        files = (one.filename for one in _chain(error) if isinstance(one, OSError))
        where = next((f" at {name}" for name in files if name), "")
        return f"expected a folder that takes data, found: {fault}{where}; see paths.outputs=DIR"
    if isinstance(error, OSError) and error.filename is not None:
        return f"expected to use {error.filename}, found: {error.strerror}; see paths.outputs=DIR"
    if isinstance(error, MemoryError):
        return f"expected enough memory, found none left: {text}; use less data or smaller settings"
    if _is_one_of(error, ESTIMATOR_ERRORS):
        return f"expected settings the estimator takes, found: {text}; see {_YAML}"
    own = type(error).__module__.startswith(f"{PACKAGE.name}.")  # of a model, not of a store
    if _is_one_of(error, _STORE_ERRORS) and not own:
        found = next(iter(text.splitlines()), type(error).__name__)
        do = "if it is damaged, restore it from a backup or choose another with paths.outputs=DIR"
        return f"expected an MLflow store that answers, found: {found}; {do}"
    return None


def _is_one_of(error: Exception, kinds: Mapping[str, str]) -> bool:
    """Return whether an error is of a kind, given by module and name; raised only if imported."""
    found = [getattr(sys.modules.get(module), name, None) for module, name in kinds.items()]
    return any(kind is not None and isinstance(error, kind) for kind in found)


def _of_hydra(error: Exception) -> str | None:
    """Return the message for an error of Hydra or OmegaConf, such as of a wrong command line."""
    from hydra.errors import HydraException, OverrideParseException
    from omegaconf.errors import OmegaConfBaseException

    text, cause, ours = str(error).strip(), error.__cause__, raised_by_hydra(error)
    if not ours and not isinstance(error, HydraException | OmegaConfBaseException):
        return None
    if own := next((str(one) for one in _chain(error) if isinstance(one, SpaceshipError)), None):
        return own
    with suppress(Exception):  # no name can be judged where no config can be composed
        if suggested := suggestion(sweeps="--multirun" not in text):
            return suggested
    if isinstance(error, OverrideParseException):
        return f"{text}\nPut a value with special characters in two pairs of quotes: {_QUOTED}"
    if isinstance(error, HydraException | OmegaConfBaseException):
        more = f"\n{cause}" if cause is not None and str(cause).strip() not in text else ""
        return _APPEND.sub("", f"{text}{more}")
    found = f"{text} ({cause})" if cause else text
    return f"expected a command line and configs that Hydra takes, found: {found}; see --help"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
