"""Process identity across machines and restarts, uninterrupted blocks, and usable CPU cores."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

WORKERS_VARIABLE = "SPACESHIP_WORKERS"  # of a worker: how many workers share the cores
_ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
ENDING_SIGNALS = [one for one in signal.Signals if one.name in _ENDING]
"""Signals by which a shell, a terminal or a cluster ends a process."""
_HOST, _PROCESS = "spaceship.host", "spaceship.process"
_CLOCK_SECONDS = 5  # largest shift of a process's start when the machine's clock is adjusted


def process_tags() -> dict[str, str]:
    """Return the tags of this process: host name, and process id with creation time.

    >>> sorted(process_tags())
    ['spaceship.host', 'spaceship.process']
    """
    import psutil

    process = psutil.Process()
    identity = json.dumps([process.pid, process.create_time()])
    return {_HOST: socket.gethostname(), _PROCESS: identity}


def is_orphan(tags: Mapping[str, str]) -> bool:
    """Return whether tags name a dead process of this machine; False for other machines.

    >>> is_orphan(process_tags())
    False
    """
    import psutil

    if not is_here(tags) or _PROCESS not in tags:
        return False
    pid, created = json.loads(tags[_PROCESS])
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # killed, its parent has not noticed yet
            return True
        moved: float = abs(process.create_time() - created)
    except psutil.NoSuchProcess:
        return True
    return moved > _CLOCK_SECONDS


def is_own(tags: Mapping[str, str]) -> bool:
    """Return whether tags name this process, even if the clock was adjusted since.

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
    """Return whether tags name a process of this machine.

    >>> is_here({"spaceship.host": "another-machine"})
    False
    """
    return tags.get(_HOST) == socket.gethostname()


def process_id(tags: Mapping[str, str]) -> int:
    """Return the process id in tags, 0 if there is none.

    >>> process_id({"spaceship.process": "[1234, 1700000000.0]"})
    1234
    """
    return int(json.loads(tags.get(_PROCESS, "[0]"))[0])


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
