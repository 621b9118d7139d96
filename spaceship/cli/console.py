"""Console: the phases of a job as bars, and log lines with colours in the terminal's width.

On a terminal, the phases that are running are drawn below what is printed, and go away when they
end. On a dumb terminal nothing is drawn: each phase is a line like any other. Where standard output
is a pipe or a file, these lines go to stderr, apart from the results.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spaceship.cli.phase_line import counted, phase_line
from spaceship.cli.streams import SafeStream
from spaceship.progress import Listener, Phase, show_on
from spaceship.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

log = logging.getLogger(__name__)

_SIGN = "Starting …"
_ERASE = "\r\x1b[2K"
_DUMB = ("dumb", "unknown")
_SPINNER, _BAR = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "━╌"), ("|/-\\", "#.")  # in Unicode, in ASCII
_PER_SECOND = 5  # drawings
_SECONDS = 2.0  # between two lines about one phase, where nothing is drawn


def open_console() -> None:
    """Show the phases of this process on standard output, a first sign at once.

    >>> open_console()
    >>> close_console()
    """
    stream = sys.stdout
    drawn = isinstance(stream, SafeStream) and stream.isatty() and not _is_dumb()
    show_on(Drawing(stream) if drawn else PhaseLines())  # type: ignore[arg-type]
    if drawn:
        _draw_sign(stream)  # type: ignore[arg-type]
    elif stream.isatty() and not any(word.startswith("--") for word in sys.argv[1:]):
        print(_SIGN, flush=True)  # noqa: T201 - nothing is configured yet


def close_console() -> None:
    """Erase what was drawn on the terminal, even if nothing was printed.

    >>> close_console()
    """
    show_on(Listener())
    for stream in _terminals():
        stream.write_codes("")


def new_console(stream: Any) -> "Console":
    """Return a console of rich with the colours that the terminal and its user want.

    >>> new_console(sys.stdout).file is sys.stdout
    True
    """
    from rich.console import Console

    plain = _is_dumb() or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=stream,
        force_terminal=not _is_dumb(),
        color_system=None if plain else "auto",
        markup=False,
        highlight=False,
        emoji=False,
    )


class PhaseLines(Listener):
    """Phases as log lines: one at the beginning, others of slow steps.

    >>> PhaseLines().begun(Phase("Folds", 5))
    """

    def __init__(self, every: float = _SECONDS) -> None:
        self._every = every
        self._running: dict[int, tuple[Phase, float]] = {}  # with the time of its latest line

    def begun(self, phase: Phase) -> None:
        """Log a phase that begins."""
        if _is_shown():
            self._running[id(phase)] = phase, time.monotonic()
            log.info("%s …", printable(phase.title), extra={"progress": True})

    def changed(self, phase: Phase) -> None:
        """Log the steps that are done, if there has been no line for a while."""
        _, since = self._running.get(id(phase), (phase, float("inf")))
        if time.monotonic() - since >= self._every:
            self._running[id(phase)] = phase, time.monotonic()
            figures = phase.title, counted(phase), printable(phase.note)
            log.info("  %s %s %s", *figures, extra={"progress": True})

    def ended(self, phase: Phase) -> None:
        """Forget a phase."""
        self._running.pop(id(phase), None)


class Drawing(Listener):
    """Phases drawn below the text of a terminal, one line each, as long as they run.

    >>> Drawing(SafeStream(sys.stdout)).ended(Phase("Folds", 5))
    """

    def __init__(self, stream: SafeStream) -> None:
        self._stream = stream
        self._running: dict[int, tuple[Phase, float]] = {}  # with the time of its beginning
        self._live: Live | None = None
        spoken = (getattr(stream, "encoding", None) or "").lower().startswith("utf")
        self._spinner, self._bar = _SPINNER if spoken else _BAR

    def begun(self, phase: Phase) -> None:
        """Draw a phase that begins; the job's log file gets a line."""
        if not _is_shown():
            return
        log.info("%s …", printable(phase.title), extra={"drawn": True})
        self._running[id(phase)] = phase, time.monotonic()
        if self._live is None:
            self._start()

    def ended(self, phase: Phase) -> None:
        """Take a phase away."""
        if {*self._running} == {id(phase)}:
            self._stop()
        self._running.pop(id(phase), None)

    def write(self, text: str) -> int:
        """Write what rich draws."""
        self._stream.draw(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Return that it is a terminal."""
        return True

    def _start(self) -> None:
        from rich.file_proxy import FileProxy
        from rich.live import Live

        for stream in _terminals():
            stream.write_codes("")  # takes the sign of life away
        console = new_console(self)
        console.soft_wrap = True  # of what is printed above: it is wrapped, or a command to copy
        self._live = Live(
            console=console,
            get_renderable=lambda: self._picture(console.width),
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        for stream in _terminals():
            stream.above = FileProxy(console, stream.terminal).write
        self._live.start(refresh=True)
        console.show_cursor()  # a killed process would leave none

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        for stream in _terminals():
            stream.above = None

    def _picture(self, width: int) -> "Text":
        """Return a line for each phase, an inner one below the outer one, each cut to fit."""
        from rich.text import Text

        now = time.monotonic()
        spin = self._spinner[int(now * _PER_SECOND) % len(self._spinner)]
        lines = []
        for depth, (phase, begun) in enumerate([*self._running.values()]):
            start = f"{'  ' * depth}{spin} "
            lines.append(start + phase_line(phase, now - begun, width - len(start), self._bar))
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def _terminals() -> list[SafeStream]:
    streams = (sys.stdout, sys.stderr)
    return [one for one in streams if isinstance(one, SafeStream) and one.isatty()]


def _draw_sign(stream: SafeStream) -> None:
    """Draw a sign of life, which the first text erases."""

    def erase_for(own: SafeStream) -> Callable[[str], object]:
        def write(text: str) -> None:
            for each in _terminals():
                each.above = None
            stream.draw(_ERASE)
            stream.flush()
            own.draw(text)

        return write

    stream.draw(_SIGN)
    stream.flush()
    for each in _terminals():
        each.above = erase_for(each)


def _is_shown() -> bool:
    """Return whether this process shows phases: no trial does, and nobody who wants silence."""
    if not log.isEnabledFor(logging.INFO):
        return False
    from hydra_plugins.spaceship_optuna.trial import in_trial

    return not in_trial()


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in _DUMB
