"""Folder of the parts beside the file of predictions: kept when a long job ends early."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from spaceship.data.submission import writing
from spaceship.errors import DriftError, SubmissionError, expected
from spaceship.files import remove, write_atomically
from spaceship.scoring.cut import MANIFEST

log = logging.getLogger(__name__)

_KEY = "key.json"


@contextmanager
def work_folder(path: Path, content: Mapping[str, object]) -> Iterator[Path]:
    """Yield the folder of parts for a file of predictions, and remove it when the block ends.

    `content` is what the predictions depend on: the parts of an earlier job of the same content are
    found there again, those of another are removed. Each content has a path of its own: a worker
    of a cluster, which may outlive its command, neither uses a champion that it has loaded for
    another content nor writes among its parts. If the block fails or the process is killed, the
    folder stays, unless the parts of a short table are not worth it. Another process that writes
    the same file waits.

    Raises:
        SubmissionError: Something other than parts is in the folder's place, or it takes no data.

    >>> with work_folder(tmp_path / "a.csv", {"rows": 3}) as folder:
    ...     folder.parent.name
    '.a.csv.parts'

    """
    made = [one for one in path.parents if not one.exists()]
    folder = path.with_name(f".{path.name}.parts")
    try:
        with _alone(path):
            with writing(folder):
                own = _prepare(folder, json.dumps(content, sort_keys=True))
            try:
                yield own
            except BaseException as error:
                if len([*own.glob("scored-*.json")]) > 1:
                    drifted = isinstance(error, DriftError)
                    how = "inference.on_drift=warn" if drifted else "the same command"
                    log.warning(
                        "What is predicted is kept in %s: %s goes on from there.", folder, how
                    )
                else:
                    remove(folder)
                raise
            remove(folder)
    finally:
        with suppress(OSError):  # something is in one of them
            for one in made:
                one.rmdir()


def _prepare(folder: Path, key: str) -> Path:
    """Return the place of parts with this key in a folder, emptied unless they are there.

    Raises:
        SubmissionError: Something else is in its place.

    """
    names = [one.name for one in folder.iterdir()] if folder.is_dir() else [""]
    # A process that was killed as the folder was new has left the key's unfinished file at most.
    ours = (folder / _KEY).is_file() or all(name.startswith(f".{_KEY}.") for name in names)
    if folder.is_symlink() or (folder.exists() and not ours):
        do = "move it away, or choose another file: inference.output=FILE"
        raise SubmissionError(expected(f"parts of predictions in {folder}", "something else", do))
    own = folder / sha256(key.encode()).hexdigest()[:16]
    if not (own / MANIFEST).exists():
        remove(folder)
    folder.mkdir(mode=0o700, exist_ok=True)  # rows may be private, whatever the output's folder
    write_atomically(folder / _KEY, key)
    own.mkdir(exist_ok=True)
    return own


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process writes a file."""
    from filelock import FileLock, Timeout

    place = path.with_name(f".{path.name}.lock")
    lock = FileLock(place)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.info("Another process writes %s: waiting for it to end", path)
            lock.acquire()
    try:
        yield
    finally:
        place.unlink(missing_ok=True)  # before the release: who waits for it takes a new one
        lock.release()
