"""Typed tables that were kept with a run or in the cache, read as a data source."""

import json
from pathlib import Path
from typing import ClassVar

import pandas as pd

from spaceship.data._base import DataSource, Key, Table, Tables
from spaceship.task.task import Task


class RecordedData(DataSource):
    """The tables in a folder that `data/cache.py:write_dataset` wrote, under a fingerprint.

    >>> from spaceship.data.cache import load_dataset, write_dataset
    >>> write_dataset(people, tmp_path / "kept")
    >>> data, _ = load_dataset(RecordedData(tmp_path / "kept", "0f3a"), task, tmp_path)
    >>> data.digest == people.digest, data.raw
    (True, '0f3a')
    """

    name: ClassVar[str] = "recorded"

    def __init__(self, folder: str | Path, raw: Key) -> None:
        self.folder, self.raw = Path(folder), raw if isinstance(raw, str) else dict(raw)

    def fingerprint(self, task: Task) -> Key:
        """Return the fingerprint of the source that the tables were read from."""
        del task
        return self.raw

    def read(self, task: Task) -> Tables:
        """Return the tables; their values are typed already."""
        del task
        drawn_from = json.loads((self.folder / "meta.json").read_text()).get("drawn_from", 0)
        made: dict[str, Table] = {}
        for name in ("train", "test", "sample"):
            if (path := self.folder / f"{name}.parquet").is_file():
                drawn = drawn_from if name == "train" else 0
                made[name] = Table(pd.read_parquet(path), str(path), drawn_from=drawn)
        return Tables(**made)
