"""Folder as a data source: train.csv, test.csv and, if it is there, sample_submission.csv."""

import hashlib
from pathlib import Path
from typing import ClassVar

import pandas as pd

from spaceship.data._base import Dataset, DataSource
from spaceship.data.checks import SCHEMA_VERSION, check, check_disjoint, check_sample
from spaceship.data.csv_reader import read_csv, stored_bytes
from spaceship.data.digest import digest
from spaceship.errors import DataError

_FILES = ("train.csv", "test.csv")
_SAMPLE = "sample_submission.csv"


class LocalData(DataSource):
    """Data set of one folder; each of its files may be packed with gzip (`train.csv.gz`).

    Args:
        dir: The folder; `~` is the home folder, a relative path starts where the command is run.

    >>> people.train.to_csv(tmp_path / "train.csv", index=False)
    >>> people.test.to_csv(tmp_path / "test.csv", index=False)
    >>> LocalData(tmp_path).load().digest == people.digest
    True

    """

    name: ClassVar[str] = "local"

    def __init__(self, dir: str | Path | None) -> None:  # noqa: A002 - the key users type
        """Keep the folder; nothing is read yet."""
        self.dir = None if dir is None else Path(dir).expanduser().absolute()

    def fingerprint(self) -> str:
        """Return the sha256 of the files' bytes and the schema's version; the folder is no part.

        Raises:
            DataError: The folder is not given, or a file cannot be read.

        """
        sha = hashlib.sha256(f"schema {SCHEMA_VERSION}".encode())
        for path in self._paths():
            data = stored_bytes(path)
            sha.update(f"\0{path.name} {len(data)}\0".encode())
            sha.update(data)
        return sha.hexdigest()

    def load(self) -> Dataset:
        """Return the data set of the folder, checked.

        Raises:
            DataError: The folder is not given, or a file cannot be read or breaks the schema.

        """
        train_path, test_path, *sample_path = self._paths()
        train = _checked(train_path, labelled=True)
        test = _checked(test_path, labelled=False)
        check_disjoint(train, test)
        sample = None
        for path in sample_path:
            sample = check_sample(read_csv(path), test, source=str(path))
        return Dataset(train, test, sample, digest(train, test))

    def _paths(self) -> list[Path]:
        """Return the paths of train, test and, if it is there, the sample."""
        names = " and ".join(_FILES)
        if self.dir is None:
            msg = "expected the folder of the data set; found data.dir not set.\n"
            raise DataError(f"{msg}Add data.dir=PATH, a folder with {names}.")
        if not self.dir.is_dir():
            found = "a file" if self.dir.exists() else "nothing"
            msg = f"expected data.dir={self.dir} to be a folder with {names}; "
            raise DataError(f"{msg}found {found} there.\nGive the folder as data.dir=PATH.")
        *paths, sample = (_packed_or_plain(self.dir / name) for name in (*_FILES, _SAMPLE))
        return [*paths, sample] if sample.exists() else paths


def _checked(path: Path, *, labelled: bool) -> pd.DataFrame:
    return check(read_csv(path), source=str(path), labelled=labelled)


def _packed_or_plain(path: Path) -> Path:
    """Return the path of the plain file unless only the packed one exists."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else path
