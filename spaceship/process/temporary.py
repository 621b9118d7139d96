"""Temporary folders named after their process; those of dead processes are removed."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from hydra_plugins.spaceship_optuna.files import remove
from hydra_plugins.spaceship_optuna.process import is_orphan, process_tags

_PLACE, _PROCESS = "spaceship.place", "spaceship.process"  # of a process
_NAME = re.compile(r"spaceship-([0-9a-f]{12})-(\d+)-([\d.]+)-\w+")
"""Digest of the place of a process, its number, its start, and a random end."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give an empty folder in the system's temporary directory, removed at the block's end.

    If the process is killed meanwhile, `remove_left_folders` of a later one removes it.

    >>> with temporary_folder() as folder:
    ...     list(folder.iterdir())
    []
    """
    tags = process_tags()
    pid, start = json.loads(tags[_PROCESS])
    name = f"spaceship-{_digest(tags[_PLACE])}-{pid}-{start}-"
    with tempfile.TemporaryDirectory(prefix=name) as folder:
        yield Path(folder)


def remove_left_folders() -> None:
    """Remove the temporary folders of dead processes, once no process works in them.

    A process of another boot, machine or container cannot be seen, and is not taken for dead.

    >>> with temporary_folder() as folder:
    ...     remove_left_folders()
    ...     folder.is_dir()
    True
    """
    with suppress(OSError):
        left = [path for path in Path(tempfile.gettempdir()).iterdir() if _is_left(path.name)]
        for path in {*left} - {*_in_use(left)}:
            remove(path)


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
