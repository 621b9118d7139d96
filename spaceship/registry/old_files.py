"""Old files of an outputs folder that `mode=clean` may delete: jobs, cached data sets, studies.

A folder is as old as its newest file. Predictions, locks and the store's own files are not among
them.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.tracking.best_jobs import STUDY_TAG
from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

_JOBS = ("runs", "multiruns")
_DATED = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]/*"
_START_SECONDS = 3600  # a job whose folder is younger may be about to start its run


@dataclass(frozen=True)
class OldFiles:
    """Files that belong to none of the runs that stay, and have not changed for long.

    >>> OldFiles(tmp_path, kept=[], before=0.0, elsewhere=lambda run_id: False).jobs()
    []
    """

    outputs: Path
    kept: "Sequence[Run]"  # runs that stay
    before: float  # milliseconds since 1970; what has changed later stays
    elsewhere: Callable[[str], bool]
    """Returns whether a run is in the store, but not in the experiment that is being cleaned."""

    def jobs(self) -> list[Path]:
        """Return the folders of jobs and of multiruns."""
        tags = [run.data.tags.get(FOLDER_TAG, "").rstrip("/") + "/" for run in self.kept]
        named = {part for tag in tags for part in _dated_parts(tag)}
        folders = [path for kind in _JOBS for path in (self.outputs / kind).glob(_DATED)]
        return sorted(
            path
            for path in folders
            if path.is_dir()
            and path.relative_to(self.outputs).as_posix() not in named
            and self._may_go(path)
        )

    def data_sets(self) -> list[Path]:
        """Return the cached data sets that no run that stays has used; the latest of each stays."""
        used = {run.data.tags.get("data_digest") for run in self.kept}
        found = []
        for source in (self.outputs / "data").glob("*/*"):
            sets = sorted((one for one in source.iterdir() if one.is_dir()), key=newest)
            found += [one for one in sets[:-1] if self.is_old(one) and _digest(one) not in used]
        return found

    def studies(self) -> list[Path]:
        """Return the journals of studies without a run that stays, and the files beside them."""
        names = {run.data.tags.get(STUDY_TAG) for run in self.kept}
        files = []
        for journal in (self.outputs / "studies").glob("*.journal"):
            if journal.stem not in names and self.is_old(journal):
                files += [journal, *journal.parent.glob(f"{escape(journal.name)}.*")]
        return files

    def is_old(self, path: Path) -> bool:
        """Return whether nothing at a path has changed since the time `before`."""
        return 1000 * newest(path) <= self.before

    def _may_go(self, folder: Path) -> bool:
        ids = list(_run_ids(folder))
        if not ids and newest(folder) > time.time() - _START_SECONDS:
            return False
        return self.is_old(folder) and not any(map(self.elsewhere, ids))


def newest(path: Path) -> float:
    """Return when a file, or the newest file in a folder, was changed: seconds since 1970.

    >>> newest(tmp_path) > 0
    True
    """
    times = [one.lstat().st_mtime for one in path.rglob("*") if not one.is_dir()]
    return max(times, default=path.lstat().st_mtime)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder.

    >>> size_of(tmp_path)
    0
    """
    files = path.rglob("*") if path.is_dir() else iter([path])
    return sum(one.lstat().st_size for one in files if one.is_file())


def _dated_parts(tag: str) -> Iterator[str]:
    """Yield `runs/DATE/TIME` or `multiruns/DATE/TIME` within a folder, wherever it was then."""
    parts = Path(tag).parts
    for place, part in enumerate(parts[:-2]):
        if part in _JOBS:
            yield "/".join(parts[place : place + 3])


def _run_ids(folder: Path) -> Iterator[str]:
    """Yield the runs of the jobs in a folder."""
    for path in (folder, *folder.glob("*/")):
        with suppress(OSError, ValueError, KeyError):  # a file that a crash left broken
            if run_id := Job(path, in_multirun=False).run_id:
                yield run_id


def _digest(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "meta.json").read_text())["digest"])
    except (OSError, ValueError, KeyError):
        return None
