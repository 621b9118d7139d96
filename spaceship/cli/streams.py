"""Standard streams of a command: closed ones opened, failed writes noted, control codes escaped."""

import codecs
import errno
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import UnsupportedOperation
from typing import Any, TextIO, cast

from spaceship.results import COMMAND
from spaceship.text import one_line, printable

_FANCY = "→←↔↓²…–—−×±≤≥≈“”\xa0\u202f"  # noqa: RUF001 - in the order of the next line
_PLAIN = ("->", "<-", "<->", "v", "2", "...", *"---x", "+/-", "<=", ">=", *'~""  ')
_SPELT = dict(zip(_FANCY, _PLAIN, strict=True))
"""Characters of our own messages in ASCII, for a terminal or a file that has none of them."""
_OWN = ("spaceship", "hydra_plugins.spaceship")  # loggers of the project
_ERRORS = "spaceship_spelt"  # name of the error handler below
_closed = set[str]()  # standard streams that the shell had closed


class SafeStream:
    r"""A standard stream that escapes control characters, and whose writes never fail.

    The first failed write is kept as `fault`; what follows is dropped. If the reader of standard
    output has gone, the command is ended like by SIGTERM.

    >>> print("a value \x1b[31mred", file=SafeStream(sys.stdout))
    a value \x1b[31mred
    """

    def __init__(self, stream: TextIO) -> None:
        self.terminal, self.fault = stream, cast("Exception | None", None)
        self.above: Callable[[str], object] | None = None  # writes above what is drawn, if it is

    def write(self, text: str) -> int:
        """Write text with its control characters escaped, all but line ends and tabs."""
        self.write_codes(printable(text))
        return len(text)

    def write_codes(self, text: str) -> None:
        """Write text of our own, whose codes steer the terminal."""
        self._try(lambda: (self.above or self.terminal.write)(text))

    def draw(self, text: str) -> None:
        """Write what is drawn below all other text."""
        self._try(lambda: self.terminal.write(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Write what is buffered."""
        self._try(self.terminal.flush)

    def check_reader(self) -> None:
        """Fail like a write if the reader of a pipe has gone."""
        if hasattr(select, "poll"):
            self._try(self._poll)

    def _poll(self) -> None:
        asked = select.poll()
        with suppress(UnsupportedOperation):  # it is no file
            asked.register(self.terminal.fileno(), 0)
        if asked.poll(0):
            raise BrokenPipeError

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["terminal"], name)

    def _try(self, write: Callable[[], object]) -> None:
        if self.fault is not None:
            return
        try:
            write()
        except (OSError, ValueError) as error:  # a ValueError: somebody has closed it
            self.fault = error
            _open_nothing(self.terminal)
            if self is sys.stdout and not COMMAND.wanted and isinstance(error, BrokenPipeError):
                signal.raise_signal(signal.SIGTERM)


def open_streams() -> None:
    """Make the standard streams safe to write to, whatever the shell has made of them.

    A stream that the shell has closed (`>&-`) is opened on nothing: else a database may get its
    number, and a library prints into it.

    >>> open_streams()
    >>> isinstance(sys.stdout, SafeStream)
    True
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _closed.add(name)
            _open_nothing_as(number)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    os.environ["PYTHONIOENCODING"] = f"{sys.stdout.encoding}:backslashreplace"  # of workers
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, SafeStream):
            with suppress(AttributeError, OSError):  # not text on a file, or another file by now
                stream.reconfigure(errors=_ERRORS)
            setattr(sys, name, SafeStream(stream))


def lost_output() -> Exception | None:
    """Return the error of the first write to standard output that has failed.

    Text for a closed output (`>&-`) is lost without an error. With `output=json` only the object
    counts: other text may be lost.

    >>> lost_output() is None
    True
    """
    sys.stdout.flush()
    if not COMMAND.wanted:
        return getattr(sys.stdout, "fault", None)
    return OSError(errno.EBADF, "it closed") if "stdout" in _closed else None


def escape_log_records() -> None:
    r"""Escape control characters in all log lines, and line ends in the values that they name.

    A message that is one value, `"%s"` alone, is a text of several lines, such as a table.

    >>> escape_log_records()
    >>> record = logging.getLogRecordFactory()("", 20, "", 0, "Read %s", ("a\nb",), None)
    >>> record.getMessage() == r"Read a\nb"
    True
    """
    logging.setLogRecordFactory(_record)
    logging.raiseExceptions = False  # a line that cannot be written is no fault of the work


def _record(*arguments: Any, **more: Any) -> logging.LogRecord:
    record = logging.LogRecord(*arguments, **more)
    if isinstance(record.args, tuple) and record.msg != "%s":
        record.args = tuple(one_line(str(one)) if _is_text(one) else one for one in record.args)
    # of values that do not fit the message, or a record without a name
    with suppress(TypeError, ValueError, KeyError):
        record.msg, record.args = printable(record.getMessage()), None
        if record.levelno >= logging.WARNING and record.name.startswith(_OWN):
            COMMAND.report_warning(str(record.msg))
    return record


def _is_text(value: object) -> bool:
    return isinstance(value, str | os.PathLike)


def _open_nothing(stream: TextIO) -> None:
    """Let a stream that takes no data write to nothing, so that its end raises nothing."""
    with suppress(OSError, ValueError):  # it is no file, or closed
        _open_nothing_as(stream.fileno())


def _open_nothing_as(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(nothing, number)
        os.close(nothing)


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    spelt = (_SPELT.get(one) or ascii(one)[1:-1] for one in text)
    return "".join(spelt), error.end


codecs.register_error(_ERRORS, _spelt)
