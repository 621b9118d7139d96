"""Pseudo-terminal: runs a command in 80x24, measures its silences in CPU seconds and its lines.

`python -m scripts.terminal COMMAND …` shows the command's output, then the figures.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import psutil
import pyte

COLUMNS, ROWS = 80, 24
_WIDE = 300
"""Columns of the screen that measures lines: a line too long for the terminal does not wrap."""
_TICK = 0.05  # seconds between two looks at a silent command
_STEERING = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_", "COLORTERM", "CI")
"""Starts of the names of variables that change what a program writes to a terminal."""


class Process(Protocol):
    """A command that was started as the leader of a group."""

    pid: int

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        ...


@dataclass(frozen=True)
class Sign:
    """A change of what the terminal shows: a line, a step of a bar, another frame of a spinner."""

    cpu: float  # seconds of user and system, of the command and its children, since its start
    wall: float  # seconds by the clock since its start
    data: bytes  # written
    line: str  # that the cursor is in


@dataclass
class Recording:
    """What a command wrote to its terminal, and when."""

    signs: list[Sign] = field(default_factory=list)
    widest: str = ""  # longest line that was ever shown
    cpu: float = 0.0  # seconds until its end
    status: int = 0

    @property
    def output(self) -> bytes:
        """All that was written."""
        return b"".join(sign.data for sign in self.signs)

    @property
    def first(self) -> float:
        """CPU seconds until the first sign."""
        return self.signs[0].cpu if self.signs else self.cpu

    def silences(self) -> list[tuple[float, str]]:
        """Return all silences, the longest first: CPU seconds, and the line before."""
        known = [Sign(0.0, 0.0, b"", "(start)"), *self.signs, Sign(self.cpu, 0.0, b"", "")]
        pairs = pairwise(known)
        return sorted(((after.cpu - one.cpu, one.line) for one, after in pairs), reverse=True)


def record(
    command: Sequence[str],
    folder: Path | str = ".",
    environment: Mapping[str, str] | None = None,
    show: Callable[[bytes], object] = lambda _: None,
    seconds: float = 600,
) -> Recording:
    r"""Run a command in a terminal to its end, or kill it after so many seconds.

    >>> done = record(["sh", "-c", r"printf 'one\rtwo\n'; printf '%90s\n' long"])
    >>> done.status, len(done.widest), done.output
    (0, 90, b'one\rtwo\r\n...long\r\n')
    """
    own = {name: text for name, text in os.environ.items() if not name.startswith(_STEERING)}
    own |= {"TERM": "xterm-256color"} | dict(environment or {})
    terminal, end = open_terminal()
    process = subprocess.Popen(
        command, cwd=folder, env=own, stdin=end, stdout=end, stderr=end, start_new_session=True
    )
    os.close(end)
    return watch(process, terminal, show, seconds)


def open_terminal() -> tuple[int, int]:
    """Open a terminal and return its two ends: to read from, and for a command.

    >>> terminal, end = open_terminal()
    >>> os.write(end, b"one"), os.read(terminal, 9)
    (3, b'one')
    >>> os.close(terminal), os.close(end)
    (None, None)
    """
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return terminal, end


def watch(
    process: Process,
    terminal: int,
    show: Callable[[bytes], object] = lambda _: None,
    seconds: float = 600,
) -> Recording:
    """Record what a process writes to its terminal until it ends, and close the terminal."""
    made, screen, start = Recording(), pyte.Screen(_WIDE, ROWS), time.monotonic()
    stream, unchanged, before = pyte.ByteStream(screen), b"", [""] * ROWS
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    while True:
        written = poll.poll(1000 * _TICK)
        made.cpu = max(_cpu(process.pid), made.cpu)
        if not written:
            if time.monotonic() > start + seconds:
                os.killpg(process.pid, signal.SIGKILL)
            continue
        data = b""
        with suppress(OSError):  # Linux's word for the end of a terminal
            data = os.read(terminal, 1 << 16)
        if not data:
            break
        show(data)
        stream.feed(data)
        lines = [line.rstrip() for line in screen.display]
        made.widest = max([made.widest, *lines], key=len)
        unchanged += data
        if lines != before:
            at = lines[screen.cursor.y] or lines[max(screen.cursor.y - 1, 0)]
            wall = time.monotonic() - start
            made.signs.append(Sign(made.cpu, wall, unchanged, at.strip()))
            before, unchanged = lines, b""
    made.status = process.wait()
    os.close(terminal)
    return made


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of all that it started, ended ones included."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for one in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:4])
    return total


def main() -> None:
    """Record the command of the command line, and print its figures."""
    done = record(sys.argv[1:], show=lambda data: os.write(1, data))
    print(f"\nstatus {done.status}, {done.cpu:.1f} CPU s, first sign after {done.first:.2f} CPU s")
    print(f"longest line {len(done.widest)} columns: {done.widest}")
    for silence, line in done.silences()[:5]:
        print(f"silence {silence:5.2f} CPU s after: {line}")


if __name__ == "__main__":
    main()
