"""Submission: the table of predictions, and the CSV file that it is written to."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import Dataset
from spaceship.data.checks import check_sample
from spaceship.errors import ConfigError, SubmissionError
from spaceship.files import write_atomically
from spaceship.task.spaceship_titanic.columns import ID, LABEL


def submission(predictions: npt.ArrayLike, data: Dataset) -> pd.DataFrame:
    """Return the table to submit: id and label of each test row, in the order of the test file.

    Args:
        predictions: True or False per test row `(n_rows,)`.
        data: Test rows and, if there is one, the sample to agree with.

    Raises:
        DataError: The sample has other ids.

    >>> len(submission([True] * len(people.test), people)) == len(people.test)
    True

    """
    if data.sample is not None:
        check_sample(data.sample, data.test)
    label = np.asarray(predictions).astype(bool)
    return pd.DataFrame({ID: data.test[ID], LABEL: label})


def usable(output: object) -> Path:
    """Return the path of `inference.output` unless something else than a plain file is there.

    Links are followed.

    A device such as /dev/null is left alone: a file in its place would break the machine.

    Raises:
        ConfigError: The setting names no file.
        SubmissionError: A folder, a device or a pipe is there.

    >>> usable(tmp_path / "mine.csv").name
    'mine.csv'

    """
    if not output:
        message = f"expected inference.output=FILE, found {output!r}; name a CSV file"
        raise ConfigError(message)
    path = Path(str(output)).expanduser().resolve()
    if path.exists() and not path.is_file():
        found = "a folder" if path.is_dir() else "a device or a pipe"
        raise _unwritable(path, f"{found} there")
    return path


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all.

    Raises:
        SubmissionError: The file cannot be written.

    >>> write(submission([True] * len(people.test), people), tmp_path / "mine.csv")

    """
    try:
        write_atomically(path, table.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise _unwritable(path, str(error)) from error


def _unwritable(path: Path, found: str) -> SubmissionError:
    message = f"expected to write {path}, found {found}"
    return SubmissionError(f"{message}; choose inference.output=FILE")
