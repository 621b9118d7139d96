"""Process identity across machines, containers and restarts, uninterrupted blocks, usable cores.

A process is told by three facts that no clock and no host name changes:

1. its place: the boot of the kernel and the PID namespace, which each container has for itself;
2. its number in that place;
3. its start, in clock ticks since the boot: a number is given again, but not with the same start.

A process of another place, or of a record without a place, cannot be seen: it is never taken for
dead. macOS and Windows have no `/proc`, and no containers of their own: there the place is the host
name, and the start the moment that the kernel noted once, which a later change of the clock leaves.
"""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

WORKERS_VARIABLE = "SPACESHIP_WORKERS"  # of a worker: how many workers share the cores
PROC = Path("/proc")  # of Linux: what the kernel says of processes
_HOST, _PLACE, _PROCESS = "spaceship.host", "spaceship.place", "spaceship.process"
_STATE, _START = 0, 19  # fields of /proc/PID/stat after the name of the program
_DEAD_STATES = {"Z", "X", "x"}  # a zombie was killed, and its parent has not noticed yet
_ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
ENDING_SIGNALS = [one for one in signal.Signals if one.name in _ENDING]
"""Signals by which a shell, a terminal or a cluster ends a process."""


def process_tags() -> dict[str, str]:
    """Return the tags of this process: host name (for people), place, number with start.

    >>> sorted(process_tags())
    ['spaceship.host', 'spaceship.place', 'spaceship.process']
    """
    identity = json.dumps([os.getpid(), _start(os.getpid())])
    return {_HOST: socket.gethostname(), _PLACE: _place(), _PROCESS: identity}


def is_orphan(tags: Mapping[str, str]) -> bool:
    """Return whether tags name a dead process of this place; False for one that cannot be seen.

    >>> is_orphan(process_tags())
    False
    """
    if not is_here(tags):
        return False
    pid, start = _identity(tags)
    try:
        return pid > 0 and _start(pid) != start
    except PermissionError:  # there, but hidden: of another account
        return False


def is_own(tags: Mapping[str, str]) -> bool:
    """Return whether tags name this process.

    >>> is_own(process_tags())
    True
    """
    return is_here(tags) and process_id(tags) == os.getpid() and not is_orphan(tags)


def is_others(tags: Mapping[str, str]) -> bool:
    """Return whether tags name a process that may live and is neither this one nor its child.

    >>> is_others(process_tags())
    False
    """
    import psutil

    if _PROCESS not in tags or is_orphan(tags):
        return False
    own = psutil.Process()
    ours = {own.pid, *(child.pid for child in own.children(recursive=True))}
    return not is_here(tags) or process_id(tags) not in ours


def is_here(tags: Mapping[str, str]) -> bool:
    """Return whether tags name a process whose life can be seen from here.

    >>> is_here({"spaceship.place": "another boot pid:[4026531836]"})
    False
    """
    return tags.get(_PLACE) == _place()


def process_id(tags: Mapping[str, str]) -> int:
    """Return the process id in tags, 0 if there is none.

    >>> process_id({"spaceship.process": "[1234, 567800]"})
    1234
    """
    return _identity(tags)[0]


def _identity(tags: Mapping[str, str]) -> tuple[int, float]:
    """Return number and start of the process in tags, zeros if they cannot be read."""
    with suppress(ValueError, TypeError):
        pid, start = json.loads(tags.get(_PROCESS, ""))
        return int(pid), float(start)
    return 0, 0


def _place() -> str:
    """Return the boot and the PID namespace that this process lives in, else the host name."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (PROC / "self/ns/pid").readlink()
        shown = (PROC / "self").readlink()
    except OSError:
        return socket.gethostname()
    if shown.name != str(os.getpid()):  # /proc shows the numbers of another namespace
        return f"{boot} {namespace} unseen by {os.getpid()}"
    return f"{boot} {namespace}"


def _start(pid: int) -> float | None:
    """Return the start of a process, None if it is gone; raise PermissionError if it is hidden."""
    if not (PROC / "self/stat").exists():
        return _start_by_kernel(pid)
    try:
        entry = "self" if pid == os.getpid() else str(pid)
        text = (PROC / entry / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        with suppress(ProcessLookupError, OverflowError):
            os.kill(pid, 0)  # raises PermissionError for one that the mount option hidepid hides
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[_STATE] in _DEAD_STATES else float(fields[_START])


def _start_by_kernel(pid: int) -> float | None:
    """Return the start of a process where there is no /proc."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay the signals that end a process to the block's end; only the first is raised then.

    It protects a change that takes two writes. Python interrupts the main thread only, so in other
    threads there is nothing to delay.

    >>> with uninterrupted():
    ...     written = "both files"
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda which, _: came.append(which))
        for number in ENDING_SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def usable_cores() -> int:
    """Return the number of CPU cores this process may use; a container may limit them.

    >>> usable_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
