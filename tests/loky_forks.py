"""Workers of joblib in forks of a warm process: without imports, children of the command as ever.

A command starts its nursery before anything else. It asks the nursery for a worker instead of
starting an interpreter; the worker is an orphan that Linux gives to the command as its child.
"""

import ctypes
import fcntl
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

MODULE = "joblib.externals.loky.backend.popen_loky_posix"
NAME = b"popen_loky"
FIRST_FREE = 500
MAX_BYTES = 200_000
PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36


def install() -> None:
    """Fork a nursery off this process, and let joblib take its workers from there."""
    if sys.platform != "linux":
        return
    module = importlib.import_module("joblib.externals.loky.backend.fork_exec")

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when the command does
        _serve(theirs)
    theirs.close()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start_interpreter = module.fork_exec

    def fork_exec(cmd: Sequence[str], keep_fds: Sequence[int], env: Any = None) -> int:
        if MODULE not in cmd:
            return int(start_interpreter(cmd, keep_fds, env=env))
        fds = sorted({1, 2, *map(int, keep_fds)})  # the streams as they are now
        arguments = [*cmd[cmd.index(MODULE) :]]
        environment = os.environ | (env or {})
        request = {"argv": arguments, "env": environment, "cwd": os.getcwd(), "fds": fds}  # noqa: PTH109
        socket.send_fds(ours, [json.dumps(request).encode()], fds)
        pid = int(ours.recv(MAX_BYTES))
        ours.recv(MAX_BYTES)  # it is this process's child by now
        return pid

    vars(module)["fork_exec"] = fork_exec


def _serve(requests: socket.socket) -> None:
    """Fork a worker for each request, until the command ends."""
    while True:
        message, fds, _, _ = socket.recv_fds(requests, MAX_BYTES, 64)
        if not message:
            os._exit(0)
        between = os.fork()
        if between == 0:
            worker = os.fork()
            if worker == 0:
                requests.close()
                _work(json.loads(message), fds)
            requests.send(str(worker).encode())
            os._exit(0)
        os.waitpid(between, 0)
        requests.send(b"adopted")
        for fd in fds:
            os.close(fd)


def _work(request: dict[str, Any], fds: Sequence[int]) -> None:
    """Turn this process into a worker whose open files have the numbers that it is told."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, NAME, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    spare = [fcntl.fcntl(fd, fcntl.F_DUPFD, FIRST_FREE) for fd in fds]
    for fd in fds:
        os.close(fd)
    for fd, target in zip(spare, request["fds"], strict=True):
        os.dup2(fd, target)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["argv"]
    sys.modules.pop(MODULE, None)
    status: object = 1
    try:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))
