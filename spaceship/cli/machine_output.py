"""Machine output: with `output=json`, one JSON object on standard output, all text on stderr.

File descriptor 1 goes where stderr goes for the whole command, so that nothing but the object can
reach standard output: no print of a C++ library, no worker, no warning. The object is written to a
copy of the descriptor at the very end.
"""

import io
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from hydra_plugins.spaceship_optuna.config_text import redact, redacted
from spaceship.cli.overrides import command
from spaceship.config.installation import programs
from spaceship.errors import Expected, parts_of
from spaceship.results import COMMAND, Result

VERSION: Literal[1] = 1
"""Of the object; it grows when a key is removed or changes its meaning, not when one is added."""
_REFUSED, _OF_SIGNAL = 3, 128
_WANTED = re.compile(r"""\+{0,2}output=(['"]?)json\1""")
_opened: dict[str, int] = {}  # the copy of standard output, and the process that owns it


class Outcome(StrEnum):
    """End of a command, by its exit status."""

    DONE = "done"  # 0; a verdict of the gate may be `refused` all the same
    REFUSED = "refused"  # 3, under `gate.require=true`
    ERROR = "error"  # 1, 2 or 4
    INTERRUPTED = "interrupted"  # 128 + the number of a signal


@dataclass(frozen=True)
class NextCommand:
    """A command that may follow, or corrects an error."""

    purpose: str
    command: str | None  # null: the purpose says it all


@dataclass(frozen=True)
class Fault:
    """An error that has ended a command."""

    kind: str  # class of the error, or name of the signal
    message: str
    expected: str | None = None  # parts of the message, null where it has another form
    found: str | None = None
    do: str | None = None
    suggestions: list[str] = field(default_factory=list)  # commands of the message


@dataclass(frozen=True)
class TextResult(Result):
    """A text that a flag asks for: `--help`, `--version`, `--keys`, `--cfg` or `--info`."""

    text: str


@dataclass(frozen=True)
class Document:
    """The object on standard output."""

    version: Literal[1]
    spaceship: str  # version of the package
    mode: str | None
    command: str
    status: int  # exit status
    outcome: Outcome
    task: str | None
    data_source: str | None
    folder: str | None  # of the job or the multirun
    run_id: str | None  # MLflow run of the job or the multirun
    result: object  # of the mode
    verdict: object  # of the gate
    next: list[NextCommand]
    warnings: list[str]
    error: Fault | None


def open_machine_output() -> None:
    """Send standard output to stderr if the command line has `output=json`.

    >>> open_machine_output()  # without it nothing changes
    """
    if not is_wanted(sys.argv[1:]):
        return
    COMMAND.wanted, COMMAND.command = True, command(sys.argv[1:])
    modes = [word.partition("=")[2] for word in sys.argv[1:] if word.startswith("mode=")]
    COMMAND.mode = modes[-1] if modes else "default"
    sys.stdout.flush()
    _opened.update(copy=os.dup(1), process=os.getpid())
    os.dup2(2, 1)


def is_wanted(words: Sequence[str]) -> bool:
    """Return whether the words of a command line ask for JSON; the last choice counts.

    >>> is_wanted(["output=json"]), is_wanted(["++output='json'"]), is_wanted(["-m"])
    (True, True, False)
    """
    given = [word for word in words if re.match(r"\+{0,2}output=", word)]
    return bool(given) and _WANTED.fullmatch(given[-1]) is not None


def capture_text() -> None:
    """Take what is printed on standard output from now on as the result of the command.

    >>> before = sys.stdout
    >>> capture_text()  # without output=json nothing changes
    >>> sys.stdout is before
    True
    """
    if COMMAND.wanted:
        COMMAND.mode, sys.stdout = None, io.StringIO()


def note_error(
    error: BaseException, message: str, commands: Sequence[str] = (), kind: str | None = None
) -> None:
    """Keep the error that ends the command, its message and the commands in the message.

    >>> note_error(ValueError("no"), "no")
    """
    kind, said = kind or type(error).__name__, error.args[0] if error.args else None
    if type(error).__module__.startswith(("hydra.", "omegaconf.")):
        kind = "ConfigError"  # a wrong command line or YAML, whoever finds it
    parts = parts_of(said if isinstance(said, Expected) else message)
    suggestions = [_for_programs(one) for one in commands if _is_own(one)]  # no `mv` of a file
    COMMAND.error = Fault(kind, redact(message), *parts, suggestions)


def write_object(status: int) -> tuple[int, Exception | None]:
    """Write the object of the command; return the exit status and the error of a failed write.

    The exception that is being raised, if any, is a fault of the program, and its error. A result
    that cannot be written in JSON is one, too: the object has none, and the status is 1.

    >>> write_object(0)  # without output=json
    (0, None)
    """
    if not COMMAND.wanted or _opened.pop("process", None) != os.getpid():
        return status, None
    if isinstance(sys.stdout, io.StringIO):
        text, sys.stdout = sys.stdout.getvalue(), sys.__stdout__ or sys.stderr
        COMMAND.result = TextResult(text) if text else None
    if status and COMMAND.error is None:
        crash = sys.exc_info()[1] or SystemExit(status)
        note_error(crash, str(crash))
    try:
        content = _content(status)
    except Exception as error:  # noqa: BLE001 - whatever a record of somebody else's holds
        traceback.print_exc()
        COMMAND.result = COMMAND.verdict = None
        if COMMAND.error is None:
            note_error(error, str(error))
        status = status or 1
        content = _content(status)
    try:
        with os.fdopen(_opened.pop("copy"), "w", encoding="ascii") as stream:
            stream.write(f"{content}\n")
    except OSError as error:
        return status, error
    return status, None


def document(status: int) -> object:
    """Return the object of the command that ends with a status, as plain JSON values.

    >>> document(0)["outcome"], document(3)["outcome"], document(143)["outcome"]
    ('done', 'refused', 'interrupted')
    """
    from importlib.metadata import version

    said = COMMAND
    made = Document(
        version=VERSION,
        spaceship=version("spaceship"),
        mode=said.mode,
        command=said.command,
        status=status,
        outcome=_outcome(status),
        task=said.task,
        data_source=said.data_source,
        folder=said.folder if said.folder and Path(said.folder).exists() else None,
        run_id=said.run_id,
        result=_plain(said.result),
        verdict=_plain(said.verdict),
        next=[NextCommand(why, _for_programs(one) or None) for why, one in said.next],
        warnings=said.warnings,
        error=said.error if status else None,  # type: ignore[arg-type]
    )
    return _plain(made)


def _content(status: int) -> str:
    return json.dumps(redacted(document(status)), allow_nan=False)


def _outcome(status: int) -> Outcome:
    if status > _OF_SIGNAL:
        return Outcome.INTERRUPTED
    return {0: Outcome.DONE, _REFUSED: Outcome.REFUSED}.get(status, Outcome.ERROR)


def _plain(record: object) -> object:
    """Return a record as plain JSON values: null for NaN and infinity, which JSON does not have."""
    from pydantic import TypeAdapter

    adapter: TypeAdapter[object] = TypeAdapter(type(record))
    return json.loads(adapter.dump_json(record, fallback=_of_library, warnings=False))


def _of_library(value: Any) -> object:
    """Return the plain value of a scalar such as NumPy's, of anything else its text."""
    try:
        return value.item()
    except (AttributeError, TypeError, ValueError):
        return str(value)


def _for_programs(line: str) -> str:
    """Return a command of the project with `output=json`, any other as it is."""
    return f"{line} output=json" if _is_own(line) and "output=json" not in line else line


def _is_own(line: str) -> bool:
    return line.startswith(tuple(f"{one} " for one in programs()))
