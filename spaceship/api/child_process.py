"""Child process of a command: its answer as JSON, its lines shown while it runs."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from spaceship.errors import SpaceshipError, expected

_KEPT_LINES = 20  # of a process that has died without an answer


def run_command(words: Sequence[str], *, quiet: bool = False) -> dict[str, Any]:
    """Run a command of the package and return the object that it prints.

    The process has this one's folder, environment and interpreter, and this very package. Ctrl-C
    interrupts it: it closes its runs as KILLED before KeyboardInterrupt is raised here.

    Raises:
        KeyboardInterrupt: It was interrupted.
        SpaceshipError: It has ended without an answer, such as by a signal.

    >>> run_command(["mode=trian"], quiet=True)["error"]["expected"]
    'a choice of mode'

    """
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
            env={**os.environ, "PYTHONPATH": _search_path()},
            encoding="utf-8",
            errors="replace",
        ) as child,
    ):
        _follow(child, show)
        display("")
        return _read(answer, child.returncode, "".join(lines))


def _search_path() -> str:
    """Return a search path that finds this package first, wherever it was imported from."""
    own = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH")]))


def _follow(child: subprocess.Popen[str], show: Callable[[str], object]) -> None:
    """Show the lines of a process until it ends; raise KeyboardInterrupt if Ctrl-C has ended it."""
    interrupted = False
    while child.poll() is None:
        try:
            for line in child.stderr or ():
                show(line)
            child.wait()
        except KeyboardInterrupt:
            interrupted = True
            child.send_signal(signal.SIGINT)  # twice does no harm: a terminal sends it to all
        except BaseException:  # of a debugger, a time limit of tests …
            child.terminate()
            raise
    if interrupted:
        raise KeyboardInterrupt


def _read(answer: BinaryIO, status: int, lines: str) -> dict[str, Any]:
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
