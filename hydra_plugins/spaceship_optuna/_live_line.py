"""Live line on a terminal, below what is printed and logged; nothing anywhere else."""

import logging
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self, TextIO

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.text import Text

log = logging.getLogger(__name__)

_UNICODE, _ASCII = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "━", "╌"), ("|/-\\", "#", ".")
"""Frames of a spinner, a full and an empty part of a bar."""
_BAR_WIDTH = 10
_JOIN_SECONDS = 10.0


class LiveLine:
    """A line that is drawn anew several times a second for as long as the context lasts.

    `text` is called from a second thread, on a terminal or not, with the columns that there are.
    """

    SECONDS = 0.2  # between two drawings

    def __init__(
        self,
        text: Callable[[int], str],
        stream: TextIO | None = None,
        every: float = SECONDS,
    ) -> None:
        # an app's wrapper that escapes control characters has the stream itself as `terminal`
        terminal: TextIO = getattr(sys.stdout, "terminal", sys.stdout)
        self._text, self._stream, self._every = text, stream or terminal, every
        self._live: Live | None = None
        self._frames = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_again, name="live line", daemon=True)
        self.started = time.monotonic()

    @property
    def drawn(self) -> bool:
        """Whether there is a terminal that can draw a line."""
        return self._live is not None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._live = _live_display(self._stream)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)
        if self._live is not None:
            for handler in _stream_handlers():
                if isinstance(handler.stream, FileProxy):
                    handler.setStream(handler.stream.rich_proxied_file)
            with suppress(OSError, ValueError):  # the terminal is closed
                self._live.stop()

    @property
    def hangs(self) -> bool:
        """Whether a text is still waited for, though the context has ended."""
        return self._thread.is_alive()

    def print(self, text: str) -> None:
        """Print a text above the line."""
        if self._live is not None:
            with suppress(OSError, ValueError):
                self._live.console.print(text, soft_wrap=False)

    def sign(self, share: float | None = None) -> str:
        """Return a spinner's next frame, and a bar of a share, in characters the terminal has."""
        if self._live is None:
            return ""
        spinner, full, empty = _ASCII if self._live.console.options.ascii_only else _UNICODE
        self._frames += 1
        frame = spinner[self._frames % len(spinner)]
        if share is None:
            return frame
        done = int(_BAR_WIDTH * min(share, 1))
        return f"{frame} {full * done}{empty * (_BAR_WIDTH - done)}"

    def _draw_again(self) -> None:
        while not self._ended.wait(self._every):
            try:
                width = self._live.console.width if self._live else 0
                text = Text(self._text(width), no_wrap=True, overflow="ellipsis")
                if self._live is not None:
                    self._live.update(text, refresh=True)
            except Exception as error:  # noqa: BLE001 - a line is not worth a sweep
                log.debug("Progress could not be read or shown: %s", error)


def columns() -> int | None:
    """Return the width of the terminal that standard output is, None if it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def clock(duration: float | None) -> str:
    """Return a duration in seconds as mm:ss, from an hour on as h:mm:ss."""
    if duration is None:
        return "--:--"
    return str(timedelta(seconds=round(duration))).removeprefix("0:")


def _live_display(stream: TextIO) -> Live | None:
    """Start a live line on a terminal, below what is printed and logged; None if it is dumb."""
    console = Console(
        file=stream, force_terminal=True, soft_wrap=True, markup=False, highlight=False, emoji=False
    )
    if console.is_dumb_terminal:
        return None
    stderr = sys.stderr.isatty()
    for handler in _stream_handlers():
        if handler.stream in (stream, sys.stdout) or (stderr and handler.stream is sys.stderr):
            handler.setStream(FileProxy(console, handler.stream))
    sys.stdout.write("")  # a wrapper takes away what it has drawn itself
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=stderr)
    live.start()
    return live


def _stream_handlers() -> Iterator["logging.StreamHandler[Any]"]:
    """Yield the handlers of all loggers that write to a stream."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler):
                yield handler
