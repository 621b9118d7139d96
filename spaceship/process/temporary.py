"""Temporary folders named after their process; what dead processes have left is removed."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from hydra_plugins.spaceship_optuna.files import remove
from hydra_plugins.spaceship_optuna.process import is_orphan, process_tags
from spaceship.files import clear_unfinished

_PLACE, _PROCESS = "spaceship.place", "spaceship.process"  # of a process
_NAME = re.compile(r"spaceship-([0-9a-f]{12})-(\d+)-([\d.]+)-\w+")
"""Digest of the place of a process, its number, its start, and a random end."""
_NOTES, _NOTE = "locks", "folder"  # folder in that of the outputs, file in a temporary one


@contextmanager
def temporary_folder(place: Path | None = None) -> Iterator[Path]:
    """Give an empty folder, removed at the block's end.

    It lies in the system's temporary directory, where `remove_left_folders` of a later process
    removes it if this one is killed, or in another `place`.

    >>> with temporary_folder() as folder:
    ...     list(folder.iterdir())
    []
    """
    tags = process_tags()
    pid, start = json.loads(tags[_PROCESS])
    name = f"spaceship-{_digest(tags[_PLACE])}-{pid}-{start}-"
    with tempfile.TemporaryDirectory(prefix=name, dir=place) as folder:
        yield Path(folder)


def remove_left_folders() -> None:
    """Remove the temporary folders of dead processes, once no process works in them.

    A process of another boot, machine or container cannot be seen, and is not taken for dead.

    >>> with temporary_folder() as folder:
    ...     remove_left_folders()
    ...     folder.is_dir()
    True
    """
    for path in _left(Path(tempfile.gettempdir())):
        remove(path)


@contextmanager
def cleared_if_killed(folder: Path, outputs: Path) -> Iterator[None]:
    """Write into a folder of an ended run in the block, with a note for `clear_for_killed`.

    >>> with cleared_if_killed(tmp_path / "run", tmp_path):
    ...     len([*(tmp_path / "locks").iterdir()])
    1
    """
    (outputs / _NOTES).mkdir(parents=True, exist_ok=True)
    with temporary_folder(outputs / _NOTES) as note:
        (note / _NOTE).write_text(os.path.relpath(folder, outputs), "utf-8")
        yield


def clear_for_killed(outputs: Path) -> None:
    """Remove unfinished files from the folders that killed processes were writing into.

    >>> clear_for_killed(tmp_path)
    """
    for note in _left(outputs / _NOTES):
        with suppress(OSError):
            folder = (outputs / (note / _NOTE).read_text("utf-8")).resolve()
            if folder.is_relative_to(outputs.resolve()):
                clear_unfinished(folder, below=True)
        remove(note)


def _left(place: Path) -> set[Path]:
    """Return the folders of dead processes in a place, if no process works in them."""
    with suppress(OSError):
        left = [path for path in place.iterdir() if _is_left(path.name)]
        return {*left} - {*_in_use(left)}
    return set()


def _is_left(name: str) -> bool:
    """Return whether a name is that of a folder whose process is dead."""
    if (found := _NAME.fullmatch(name)) is None:
        return False
    own = process_tags()
    named = json.dumps([int(found[2]), float(found[3])])
    return found[1] == _digest(own[_PLACE]) and is_orphan(own | {_PROCESS: named})


def _in_use(folders: list[Path]) -> Iterator[Path]:
    """Yield the folders in which a process works that the dead one has started."""
    if not folders:
        return
    import psutil

    for process in psutil.process_iter(["cwd"]):
        place = Path(process.info["cwd"] or "/")
        yield from (folder for folder in folders if place.is_relative_to(folder.resolve()))


def _digest(place: str) -> str:
    return sha256(place.encode()).hexdigest()[:12]
