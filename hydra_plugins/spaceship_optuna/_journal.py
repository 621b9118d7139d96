"""Optuna's journal file under a lock that dies with its process."""

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock, get_lock_file

_POLL_SECONDS = 0.005


def open_journal(path: str) -> JournalStorage:
    """Return the storage in a journal file, which is created if there is none."""
    return JournalStorage(_File(path, lock_obj=_Lock(Path(path))))


class _File(JournalFileBackend):
    """Optuna's file, but the system is not made to put each entry on the disk before going on.

    A killed process loses nothing that it has written; a power cut may cost the last seconds. A
    trial writes some 17 entries, and the disk may take milliseconds for each.
    """

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = [json.dumps(entry, separators=(",", ":")) + "\n" for entry in logs]
        with get_lock_file(self._lock), Path(self._file_path).open("ab") as file:
            file.write("".join(lines).encode())


class _Lock(BaseJournalFileLock):
    """The operating system's own lock: one that a killed process held is free at once.

    Optuna's locks are files, which stay behind and block everybody for half a minute. Theirs is
    `.lock`, which a tool that writes to the journal renames as it lets go of it.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._lock = FileLock(f"{journal}.flock")

    def acquire(self) -> bool:
        self._lock.acquire(poll_interval=_POLL_SECONDS)
        self._mend()
        return True

    def release(self) -> None:
        self._lock.release()

    def _mend(self) -> None:
        """Cut off a last line that a killed process did not finish: it would spoil the next one."""
        with self._journal.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                return
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
