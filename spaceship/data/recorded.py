"""Data of a run that is made again: typed tables that were kept, in the cache under their key."""

import shutil
from pathlib import Path
from typing import ClassVar

from spaceship.data._base import DataSource, Tables
from spaceship.data.cache import data_folder
from spaceship.errors import DataError, expected
from spaceship.task.task import Task


class RecordedData(DataSource):
    """A source by its fingerprint alone, whose tables lie in the cache of an outputs folder.

    >>> from spaceship.data.cache import load_dataset, write_dataset
    >>> write_dataset(people, tmp_path / "kept")
    >>> source = RecordedData("0f3a")
    >>> source.store(tmp_path / "kept", task, tmp_path / "outputs")
    >>> load_dataset(source, task, tmp_path / "outputs")[0].digest == people.digest
    True
    """

    name: ClassVar[str] = "recorded"

    def __init__(self, raw: str) -> None:
        self.raw = raw

    def fingerprint(self, task: Task) -> str:
        """Return the fingerprint of the source that the tables were read from."""
        del task
        return self.raw

    def read(self, task: Task) -> Tables:
        """Raise DataError: the tables are typed already, and are not read from the cache."""
        do = "take the source as it is now: reproduce.data=present"
        found = "none that this code reads"
        raise DataError(expected(f"the tables of {task.name} that were kept", found, do))

    def store(self, tables: Path, task: Task, outputs: Path) -> None:
        """Copy the folder of kept tables into the cache of an outputs folder."""
        shutil.copytree(tables, data_folder(self, task, outputs, self.raw))
