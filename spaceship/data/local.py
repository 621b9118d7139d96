"""Passengers from a folder with Kaggle's files: train.csv, test.csv and, maybe, the sample."""

import hashlib
from pathlib import Path
from typing import ClassVar

import pandas as pd

from spaceship.data import checks as schema
from spaceship.data._base import DataSource, Passengers
from spaceship.data.csv_reader import stored_bytes
from spaceship.errors import DataError

_FILES = ("train.csv", "test.csv")
_SAMPLE = "sample_submission.csv"


class LocalData(DataSource):
    """Passengers of one folder; each of its files may be packed with gzip (`train.csv.gz`).

    Args:
        dir: The folder; `~` is the home folder, a relative path starts where the command is run.

    """

    name: ClassVar[str] = "local"

    def __init__(self, dir: str | Path | None) -> None:  # noqa: A002 - the key users type
        """Remember the folder; nothing is read yet."""
        self.dir = None if dir is None else Path(dir).expanduser().absolute()

    def fingerprint(self) -> str:
        """Return the sha256 of the files' bytes and the schema's version; the folder is no part.

        Raises:
            DataError: The folder is not given, or a file cannot be read.

        """
        sha = hashlib.sha256(f"schema {schema.SCHEMA_VERSION}".encode())
        for path in self._paths():
            data = stored_bytes(path)
            sha.update(f"\0{path.name} {len(data)}\0".encode())
            sha.update(data)
        return sha.hexdigest()

    def load(self) -> Passengers:
        """Return the passengers of the folder, checked.

        Raises:
            DataError: The folder is not given, or a file cannot be read or breaks the schema.

        """
        train_path, test_path, *sample_path = self._paths()
        train = _checked(train_path, labelled=True)
        test = _checked(test_path, labelled=False)
        schema.check_disjoint(train, test)
        sample = None
        for path in sample_path:
            sample = schema.check_sample(schema.read_csv(path), test, source=str(path))
        return Passengers(train, test, sample, schema.digest(train, test))

    def _paths(self) -> list[Path]:
        """Return the paths of train, test and, if it is there, the sample."""
        folder = self._folder()
        sample = _packed_or_plain(folder / _SAMPLE)
        paths = [_packed_or_plain(folder / name) for name in _FILES]
        return [*paths, sample] if sample.exists() else paths

    def _folder(self) -> Path:
        if self.dir is None:
            msg = "expected the folder of the passengers' files; found data.dir not set.\n"
            msg += f"Add data.dir=PATH, a folder with {' and '.join(_FILES)}."
            raise DataError(msg)
        if not self.dir.is_dir():
            found = "a file" if self.dir.exists() else "nothing"
            msg = f"expected data.dir={self.dir} to be a folder with {' and '.join(_FILES)}; "
            msg += f"found {found} there.\nGive the folder as data.dir=PATH."
            raise DataError(msg)
        return self.dir


def _checked(path: Path, *, labelled: bool) -> pd.DataFrame:
    return schema.check(schema.read_csv(path), source=str(path), labelled=labelled)


def _packed_or_plain(path: Path) -> Path:
    """Return the path of the plain file unless only the packed one exists."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else path
