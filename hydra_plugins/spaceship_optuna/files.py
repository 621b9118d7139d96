"""Atomic writes: a file has its old content or its new content, never a part of it."""

import os
import shutil
import socket
from glob import escape
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file beside its place, then rename it.

    >>> write_atomically(tmp_path / "a.txt", "done")
    >>> (tmp_path / "a.txt").read_text()
    'done'
    """
    temporary = unfinished(path)
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(path: Path) -> Path:
    """Return a new temporary name beside a path; remove those of dead processes of this machine.

    >>> unfinished(tmp_path / "a.txt").parent == tmp_path
    True
    """
    import psutil

    path.parent.mkdir(parents=True, exist_ok=True)
    host = socket.gethostname()
    for left in path.parent.glob(f".{escape(path.name)}.{escape(host)}.*.tmp"):
        pid = left.name.split(".")[-3]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(left)
    own = f"{host}.{os.getpid()}.{os.urandom(16).hex()}"
    return path.with_name(f".{path.name}.{own}.tmp")


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there.

    >>> remove(tmp_path / "nothing")
    """
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
