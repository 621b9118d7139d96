"""Signals that end a command: each is raised once, so that its runs are closed with a true status.

A signal within seconds of another one changes nothing: Ctrl-C pressed eight times counts
once, so that the clean-up is complete.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")  # those that writes are protected from
OF_SIGNAL = 128  # added to a signal's number: the exit status
PIPE_CLOSED = OF_SIGNAL + 13  # of SIGPIPE, which Python turns into an error of the write
_SECONDS = 5.0  # in which further signals are ignored
_RETRY_SECONDS = 0.1
_caught: list[tuple[int, float]] = []  # each signal that was raised, and when


def ending_signals() -> list[signal.Signals]:
    """Return the signals by which a shell, a terminal or a cluster ends a process.

    >>> signal.SIGTERM in ending_signals()
    True
    """
    return [one for one in signal.Signals if one.name in ENDING]


def catch_signals() -> None:
    """Raise signals as exceptions in the main thread, except those that the caller ignores (nohup).

    >>> before = [signal.getsignal(number) for number in ending_signals()]
    >>> catch_signals()
    >>> for number, handler in zip(ending_signals(), before):
    ...     _ = signal.signal(number, handler)
    """
    for number in ending_signals():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)
    sys.unraisablehook = _raise_again


def ignore_signals() -> None:
    """Ignore from now on the signals that were raised so far: the command is ending.

    >>> ignore_signals()
    """
    for number in ending_signals():
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_IGN)


def caught_signal() -> int | None:
    """Return the signal that ends this process, None if none has come.

    >>> caught_signal() is None
    True
    """
    return _caught[0][0] if _caught else None


def forget() -> None:
    """Forget the signals so far: the process continues, as in tests.

    >>> forget()
    """
    _caught.clear()


def _raise(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if _caught and now - _caught[-1][1] < _SECONDS:
        return
    _caught.append((number, now))
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(OF_SIGNAL + number)


def _raise_again(lost: "UnraisableHookArgs") -> None:
    """Send a signal again whose exception Python has dropped, as in the end of an object."""
    if not issubclass(lost.exc_type, KeyboardInterrupt | SystemExit) or not _caught:
        sys.__unraisablehook__(lost)
        return
    number, _ = _caught.pop()
    threading.Timer(_RETRY_SECONDS, os.kill, (os.getpid(), number)).start()
