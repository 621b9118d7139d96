"""Child process of a command: its answer as JSON, its lines shown while it runs."""

import codecs
import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, BinaryIO

from spaceship.errors import SpaceshipError, expected
from spaceship.registry import role

_KEPT_LINES = 20  # of a process that has died without an answer
_SECONDS = 0.1  # until the next look whether a process that shows nothing has ended
_MOST_BYTES = 1 << 20  # of one reading; more than a pipe holds


def run_command(words: Sequence[str], *, quiet: bool = False) -> dict[str, object]:
    """Run a command of the package and return the object that it prints.

    The process has this one's folder, environment and interpreter, and this very package. Ctrl-C
    interrupts it: it closes its runs as KILLED before KeyboardInterrupt is raised here. Where this
    process may not promote, or a word is `gate.may_promote=false`, no other word undoes that.

    Raises:
        KeyboardInterrupt: It was interrupted.
        SpaceshipError: It has ended without an answer, such as by a signal.

    >>> run_command(["mode=trian"], quiet=True)["error"]["expected"]
    'a choice of mode'

    """
    held = role.words_of_role(words)
    words = [word for word in words if word not in held] + held[-1:]  # the last one counts
    command = [sys.executable, "-P", "-m", "spaceship", *words, "output=json"]
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    seen = None if _is_terminal() and not quiet else subprocess.PIPE
    display = _ignore if quiet else _new_display()

    def show(line: str) -> None:
        lines.append(line)
        display(line)

    with (
        tempfile.TemporaryFile() as answer,
        subprocess.Popen(  # noqa: S603 - this package itself
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=seen,
            env=_environment(may_promote=role.may_promote() and not held),
        ) as child,
    ):
        _follow(child, show)
        display("")
        return _read(answer, child.returncode, "".join(lines))


def _environment(*, may_promote: bool) -> dict[str, str]:
    """Return this one's, where this package is found first, wherever it was imported from."""
    own = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH")]))
    bound = {} if may_promote else {role.VARIABLE: "false"}
    return {**os.environ, **bound, "PYTHONPATH": path}


def _follow(child: subprocess.Popen[bytes], show: Callable[[str], object]) -> None:
    """Show the lines of a process until it ends; raise KeyboardInterrupt if Ctrl-C has ended it.

    A process that it has started may hold the pipe open for longer: that one is not waited for.
    """
    has_ended, interrupted, lines = False, False, _Lines(child.stderr, show)
    while not has_ended:
        try:
            has_ended = child.poll() is not None  # first: all that it wrote is in the pipe then
            if lines.read(0 if has_ended else _SECONDS) or has_ended:
                continue
            child.wait()
        except KeyboardInterrupt:
            interrupted = True
            child.send_signal(signal.SIGINT)  # twice does no harm: a terminal sends it to all
        except BaseException:  # of a debugger, a time limit of tests …
            child.terminate()
            raise
    lines.end()
    if interrupted:
        raise KeyboardInterrupt


class _Lines:
    """Lines of a pipe, each shown as soon as it is complete."""

    def __init__(self, pipe: IO[bytes] | None, show: Callable[[str], object]) -> None:
        self._pipe, self._show, self._begun = pipe, show, ""
        utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = io.IncrementalNewlineDecoder(utf8, translate=True)

    def read(self, seconds: float) -> bool:
        """Show what comes within some seconds; return whether more may come."""
        if self._pipe is None:
            return False
        poll = select.poll()  # `select` takes no file number above 1,023
        poll.register(self._pipe, select.POLLIN)
        if not poll.poll(1000 * seconds):
            return True
        found = os.read(self._pipe.fileno(), _MOST_BYTES)
        *lines, self._begun = (self._begun + self._decoder.decode(found)).split("\n")
        for line in lines:
            self._show(f"{line}\n")
        return bool(found)

    def end(self) -> None:
        """Show a last line without an end."""
        self._show(self._begun)


def _read(answer: BinaryIO, status: int, lines: str) -> dict[str, object]:
    answer.seek(0)
    try:
        found = json.loads(answer.read())
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    how = f"signal {-status}" if status < 0 else f"status {status}"
    what, do = "the command to end with an answer", "see the lines above, and run it again"
    raise SpaceshipError(expected(what, f"it ended by {how}: {lines.strip() or 'no line'}", do))


def _is_terminal() -> bool:
    """Return whether standard error is a terminal that a child inherits."""
    try:
        return sys.stderr.isatty() and sys.stderr.fileno() == sys.__stderr__.fileno()  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        return False


def _new_display() -> Callable[[str], object]:
    """Return a function that shows a line: in a notebook in place of the one before."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if not hasattr(shell, "kernel"):
        return sys.stderr.write
    from IPython.display import display

    def line_of(text: str) -> dict[str, str]:
        return {"text/plain": text.rstrip()}

    handle = display(line_of(""), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    return lambda text: handle.update(line_of(text), raw=True)


def _ignore(line: str) -> None:
    """Show nothing."""
