"""Files as a data source: train, test and sample submission of one folder, or named one by one."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

import pandas as pd

from spaceship.config.overrides import override
from spaceship.data._base import DataSource, Table, Tables
from spaceship.data.csv_form import CsvForm
from spaceship.data.csv_reader import LINE, joined
from spaceship.data.file_size import SMALL, file_size
from spaceship.data.memory import TableSize
from spaceship.data.parts import plain_columns
from spaceship.data.stored_file import all_made, stored_bytes
from spaceship.data.table_reader import find_files, present, table_parts
from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.column_types import Kind
from spaceship.task.task import Task
from spaceship.text import shell_line


class LocalData(DataSource):
    """Data set of one folder, its files named by the task, or of files named one by one.

    Each is CSV or Parquet and may be packed (`train.csv.gz`, `train.csv.zip`). One labelled file
    is enough: without a test file there are no rows to predict. `~` is the home folder; a relative
    path starts where the command is run.

    >>> people.train.to_csv(tmp_path / "train.csv", index=False)
    >>> people.test.to_csv(tmp_path / "test.csv", index=False)
    >>> len(LocalData(tmp_path).read(task).train.frame) == len(people.train)
    True
    """

    name: ClassVar[str] = "local"

    def __init__(
        self,
        dir: str | Path | None = None,  # noqa: A002 - the key users type
        train: str | Path | None = None,
        test: str | Path | None = None,
        separator: str | None = None,
        encoding: str | None = None,
    ) -> None:
        """Keep the paths; nothing is read yet."""
        self.dir, self.train, self.test = (_absolute(one) for one in (dir, train, test))
        self.form = CsvForm.of(separator, encoding)

    def check(self, task: Task | None) -> None:
        """Raise DataError if a file is not there or cannot be opened; every such file is listed."""
        if task is not None:
            paths = self._paths(task)
        elif self.train is not None or self.dir is None:
            paths = {} if self.train is None else {"train": self.train}
        else:
            paths = {"train": find_files(self.dir)[0]}
        makers = {part: partial(stored_bytes, path, 1) for part, path in paths.items()}
        if self.train is None and "test" in paths:
            word = shell_line([override("data.train", paths["train"])])
            do = f"check the path, or give the labelled file alone: {word}"
            makers["test"] = partial(makers["test"], do=do)
        all_made(makers)

    def fingerprint(self, task: Task) -> dict[str, str]:
        """Return the sha256 of each file's name, form and bytes; the folder is no part."""
        paths = self._paths(task)
        content = all_made({part: partial(_content, path) for part, path in paths.items()})
        known = {part: f"{self.form} {one}".encode() for part, one in content.items()}
        return {part: hashlib.sha256(one).hexdigest() for part, one in known.items()}

    def read(self, task: Task) -> Tables:
        """Return the raw tables; raise one DataError about the folder or all unfit files."""
        paths = self._paths(task)
        if self.sample is not None:  # rows to predict are drawn too, for the checks and pp
            paths.pop("sample", None)
        known = {part: None if part == "sample" else task for part in paths}
        makers = {part: partial(self._table, path, known[part]) for part, path in paths.items()}
        return Tables(**all_made(makers))

    def _table(self, path: Path, task: Task | None) -> Table:
        """Return the raw rows of a file, typed where all columns hold what the task says."""
        kinds = {} if task is None else plain_columns(task)
        parts, whole = self._parts(path, task, kinds)
        dtypes = [one.dtypes[one.columns.isin(kinds)] for one in parts]
        if parts[0].index.name != LINE or not any(len(one) for one in dtypes):
            return Table(joined(parts), str(path), drawn_from=whole)

        def text() -> pd.DataFrame:
            return joined(self._parts(path, task, {})[0])

        if any((one == "str").any() for one in dtypes):
            return Table(text(), str(path), drawn_from=whole)
        return Table(joined(parts), str(path), text, whole)

    def _parts(
        self, path: Path, task: Task | None, kinds: Mapping[str, Kind]
    ) -> tuple[list[pd.DataFrame], int]:
        """Return the rows of a file in parts, and the number of rows they are drawn from, if so."""
        if task is None or self.sample is None:
            return [*table_parts(path, self.form, kinds, is_whole=True)], 0
        return self.sample.draw(table_parts(path, self.form, kinds), task)

    def size(self, task: Task, small: int = SMALL) -> TableSize | None:
        """Return about how large the files are, from their first rows and their bytes."""
        paths = [path for part, path in self._paths(task).items() if part != "sample"]
        if sum(path.stat().st_size for path in paths) < small:
            return None
        sizes = [file_size(path, self.form, plain_columns(task), self.sample) for path in paths]
        return TableSize.both(*sizes)

    def test_file(self, task: Task) -> Path | None:
        """Return the path of the test file; the labelled one need not be there."""
        return self.test if self.test or self.train else self._paths(task).get("test")

    def _paths(self, task: Task) -> dict[str, Path]:
        """Return the path of each table: train, and test and sample where they are."""
        if self.test is not None and self.train is None:
            do = "give the labelled file too, or the folder of both as data.dir=PATH"
            raise ConfigError(expected("data.train=FILE beside data.test", "none", do))
        if self.train is not None:
            given = {"train": self.train, "test": self.test}
            return {part: path for part, path in given.items() if path is not None}
        files = {part: name for part, name in task.files if name is not None}
        wanted = [name for part, name in files.items() if part != "sample"]
        folder, do = f"a folder with {' and '.join(wanted)}", "give the folder as data.dir=PATH"
        if self.dir is None:
            raise DataError(expected(f"the data set in {folder}", "data.dir not set", do))
        if not self.dir.is_dir():
            found = "a file" if self.dir.exists() else "nothing"
            raise DataError(expected(f"data.dir={self.dir} to be {folder}", f"{found} there", do))
        paths = {part: present(self.dir / name) for part, name in files.items()}
        if "sample" in paths and not paths["sample"].exists():
            del paths["sample"]
        return paths


def _absolute(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path).expanduser().absolute()


def _content(path: Path) -> str:
    """Return the name of a file and a digest of its bytes."""
    stored_bytes(path, 1)
    with path.open("rb") as file:
        return f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}"
