"""Folder of the parts beside the file of predictions: kept when a long job ends early."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spaceship.files import remove, write_atomically
from spaceship.scoring.cut import MANIFEST

log = logging.getLogger(__name__)

_KEY = "key.json"


@contextmanager
def work_folder(path: Path, content: Mapping[str, object], locks: Path) -> Iterator[Path]:
    """Yield the folder of parts for a file of predictions, and remove it when the block ends.

    `content` is what the predictions depend on: the parts of an earlier job of the same content are
    found there again, those of another are removed. If the block fails or the process is killed,
    the folder stays, unless the parts of a short table are not worth it. Another process that
    writes the same file waits.

    >>> with work_folder(tmp_path / "a.csv", {"rows": 3}, tmp_path) as folder:
    ...     folder.name
    '.a.csv.parts'
    """
    made = [one for one in path.parents if not one.exists()]
    folder, key = path.with_name(f".{path.name}.parts"), json.dumps(content, sort_keys=True)
    with _alone(path, locks):
        if _read(folder / _KEY) != key or not (folder / MANIFEST).exists():
            remove(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / _KEY, key)
        try:
            yield folder
        except BaseException:
            if len([*folder.glob("scored-*.json")]) > 1:
                log.warning("What is predicted is kept: the same command goes on from there.")
            else:
                _remove(folder, made)
            raise
        remove(folder)


def _remove(folder: Path, made: list[Path]) -> None:
    """Remove a folder, and those above it that were made for it."""
    remove(folder)
    with suppress(OSError):  # something else is in one of them
        for one in made:
            one.rmdir()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@contextmanager
def _alone(path: Path, locks: Path) -> Iterator[None]:
    """Wait until no other process writes a file."""
    from filelock import FileLock, Timeout

    locks.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    lock = FileLock(locks / f"predictions-{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("Another process writes %s: waiting for it to end", path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
