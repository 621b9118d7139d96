"""Which process a run belongs to, so that a later start can tell if that process was killed."""

import json
import socket
from collections.abc import Mapping

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
