"""Which process a run belongs to, whether that one was killed, and when it may be interrupted."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_HOST, _PROCESS = "spaceship.host", "spaceship.process"
_CLOCK_SECONDS = 5
"""By so much a process's time of birth may move when the machine's clock is set right."""


def process_tags() -> dict[str, str]:
    """Return the tags of a run that this process owns: machine, process id and time of birth."""
    import psutil

    process = psutil.Process()
    return {
        _HOST: socket.gethostname(),
        _PROCESS: json.dumps([process.pid, process.create_time()]),
    }


def is_orphan(tags: Mapping[str, str]) -> bool:
    """Tell whether a run's process was on this machine and is gone; others are left alone."""
    import psutil

    if tags.get(_HOST) != socket.gethostname() or _PROCESS not in tags:
        return False
    pid, created = json.loads(tags[_PROCESS])
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # killed, and nobody has asked how it ended
            return True
        moved: float = abs(process.create_time() - created)
    except psutil.NoSuchProcess:
        return True
    return moved > _CLOCK_SECONDS


def is_own(tags: Mapping[str, str]) -> bool:
    """Tell whether a run's process is this one, whatever has been done to the clock meanwhile."""
    if tags.get(_HOST) != socket.gethostname() or _PROCESS not in tags:
        return False
    return bool(json.loads(tags[_PROCESS])[0] == os.getpid()) and not is_orphan(tags)


def is_others(tags: Mapping[str, str]) -> bool:
    """Tell whether a run's process may be alive and is neither this one nor one it has started."""
    import psutil

    if _PROCESS not in tags or is_orphan(tags):
        return False
    own = psutil.Process()
    ours = {own.pid, *(child.pid for child in own.children(recursive=True))}
    return tags.get(_HOST) != socket.gethostname() or json.loads(tags[_PROCESS])[0] not in ours


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back while the block runs; the first that came acts after it.

    For what must not be left half-done, such as a change of state that is written in two steps.
    Only a main thread is ever interrupted, so elsewhere there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda which, _: came.append(which))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
