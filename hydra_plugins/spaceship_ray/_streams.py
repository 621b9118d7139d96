"""Standard output and error of this process, lent to processes of this machine."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_BOTH = (1, 2)  # the file descriptors


@contextmanager
def lent_streams() -> Iterator[str]:
    """Yield the socket from which other processes get the streams while the block runs.

    >>> with lent_streams() as path, borrowed_streams(path):
    ...     print("the same terminal or file")
    the same terminal or file
    """
    with TemporaryDirectory(prefix="ray-") as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder, "streams"))
        server.bind(path)
        server.listen()
        threading.Thread(target=_lend, args=[server], daemon=True).start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)  # wakes the thread, which ends


def _lend(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            with server.accept()[0] as client:
                socket.send_fds(client, [b"-"], _BOTH)


@contextmanager
def borrowed_streams(path: str | None) -> Iterator[None]:
    """Write to the streams that another process lends; to this process's own ones if to none."""
    if path is None:
        yield
        return
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        lent = socket.recv_fds(client, 1, len(_BOTH))[1]
    kept = [os.dup(number) for number in _BOTH]
    _put(lent)
    try:
        yield
    finally:
        _put(kept)


def _put(descriptors: list[int]) -> None:
    """Put other files in the place of the streams."""
    for number, other in zip(_BOTH, descriptors, strict=True):
        os.dup2(other, number)
        os.close(other)
