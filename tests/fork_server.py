"""Server of forks: a process that has imported the project and its libraries runs commands.

`python -m tests.fork_server FD`: each message on the socket FD is one command, see `forks.py`. It
runs in a child that starts from the state of a fresh interpreter that has finished its imports:
the server starts no thread, opens nothing and keeps its own environment.
"""

import json
import os
import runpy
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from scripts.chaos.forks import warm
from tests import installed, loky_forks

MAX_BYTES = 200_000


def serve(requests: socket.socket) -> None:
    """Start a process for each command; that process waits for the command and reports its end."""
    while True:
        message, fds, _, _ = socket.recv_fds(requests, MAX_BYTES, 4)
        if not message:  # the tests have ended: so do their commands
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)
            return
        if os.fork() == 0:
            requests.close()
            _watch(json.loads(message), fds)
            return  # the command's own process: the end of the interpreter follows
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _watch(request: dict[str, Any], fds: list[int]) -> None:
    """Run a command in a child, write its status and exit; the child returns."""
    *streams, report = fds
    pid = os.fork()
    if pid == 0:
        _run(request, streams, report)
        return
    for fd in streams:
        os.close(fd)
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(request: dict[str, Any], streams: list[int], report: int) -> None:
    """Turn this process into one that runs a script, as Python would run it."""
    if request["session"]:
        os.setsid()
    os.write(report, f"{os.getpid()}\n".encode())
    os.close(report)
    for target, fd in enumerate(streams):
        os.dup2(fd, target)
        os.close(fd)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    _reseed()
    loky_forks.install()
    if request["argv"][0] == "-c":
        _, program, *arguments = request["argv"]
        sys.argv, sys.path[0] = ["-c", *arguments], ""
        exec(program, {"__name__": "__main__"})  # noqa: S102
    elif request["argv"][0] == "-m":
        _, module, *arguments = request["argv"]
        sys.argv, sys.path[0] = [module, *arguments], str(Path.cwd())
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = request["argv"]
        sys.path[0] = str(Path(sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")


def _reseed() -> None:
    """Seed numpy's global generator, which the children would share."""
    import numpy as np

    np.random.seed()  # noqa: NPY002 - the global one is meant


if __name__ == "__main__":
    warm()
    installed.packages()
    installed.read_once()
    serve(socket.socket(fileno=int(sys.argv[1])))
