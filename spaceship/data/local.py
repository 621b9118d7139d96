"""Folder as a data source: train.csv, test.csv and, if it is there, sample_submission.csv."""

import hashlib
from pathlib import Path
from typing import ClassVar

from spaceship.data._base import Dataset, DataSource
from spaceship.data.checks import SCHEMA_VERSION, check, check_disjoint, check_sample
from spaceship.data.csv_reader import read_csv, stored_bytes
from spaceship.data.digest import digest
from spaceship.errors import DataError, expected

_FILES = ("train.csv", "test.csv")
_SAMPLE = "sample_submission.csv"


class LocalData(DataSource):
    """Data set of one folder; each of its files may be packed with gzip (`train.csv.gz`).

    `~` is the home folder; a relative path starts where the command is run.

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
        """Return the sha256 of the files' bytes and the schema's version; the folder is no part."""
        sha = hashlib.sha256(f"schema {SCHEMA_VERSION}".encode())
        for path in self._paths():
            data = stored_bytes(path)
            sha.update(f"\0{path.name} {len(data)}\0".encode())
            sha.update(data)
        return sha.hexdigest()

    def load(self) -> Dataset:
        """Return the checked data set; raise DataError if the folder or a file is unfit."""
        train_path, test_path, *sample_path = self._paths()
        train = check(read_csv(train_path), source=str(train_path), labelled=True)
        test = check(read_csv(test_path), source=str(test_path), labelled=False)
        check_disjoint(train, test)
        samples = [check_sample(read_csv(path), test, source=str(path)) for path in sample_path]
        return Dataset(train, test, samples[0] if samples else None, digest(train, test))

    def _paths(self) -> list[Path]:
        """Return the paths of train, test and, if it is there, the sample."""
        folder, do = f"a folder with {' and '.join(_FILES)}", "give the folder as data.dir=PATH"
        if self.dir is None:
            raise DataError(expected(f"the data set in {folder}", "data.dir not set", do))
        if not self.dir.is_dir():
            found = "a file" if self.dir.exists() else "nothing"
            raise DataError(expected(f"data.dir={self.dir} to be {folder}", f"{found} there", do))
        *paths, sample = (_packed_or_plain(self.dir / name) for name in (*_FILES, _SAMPLE))
        return [*paths, sample] if sample.exists() else paths


def _packed_or_plain(path: Path) -> Path:
    """Return the path of the plain file unless only the packed one exists."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else path
