"""Submission: the table of predictions, and the CSV file that it is written to."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import Dataset
from spaceship.data.checks import check_sample
from spaceship.errors import ConfigError, SubmissionError, expected
from spaceship.files import write_atomically
from spaceship.task.spaceship_titanic.columns import ID, LABEL


def submission(predictions: npt.ArrayLike, data: Dataset) -> pd.DataFrame:
    """Return the table to submit: id and label of each test row, in the order of the test file.

    The predictions are True or False per test row `(n_rows,)`. Raise DataError if there is a
    sample submission with other ids.

    >>> len(submission([True] * len(people.test), people)) == len(people.test)
    True
    """
    if data.sample is not None:
        check_sample(data.sample, data.test)
    return pd.DataFrame({ID: data.test[ID], LABEL: np.asarray(predictions).astype(bool)})


def usable(output: object) -> Path:
    """Return the path of `inference.output`, links followed.

    Raise SubmissionError if a folder, a device or a pipe is there: a file in the place of
    /dev/null would break the machine.

    >>> usable(tmp_path / "mine.csv").name
    'mine.csv'
    """
    if not output:
        raise ConfigError(expected("inference.output=FILE", repr(output), "name a CSV file"))
    path = Path(str(output)).expanduser().resolve()
    if path.exists() and not path.is_file():
        raise _unwritable(path, f"{'a folder' if path.is_dir() else 'a device or a pipe'} there")
    return path


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all; raise SubmissionError if that is impossible.

    >>> write(submission([True] * len(people.test), people), tmp_path / "mine.csv")
    """
    try:
        write_atomically(path, table.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise _unwritable(path, str(error)) from error


def _unwritable(path: Path, found: str) -> SubmissionError:
    return SubmissionError(expected(f"to write {path}", found, "choose inference.output=FILE"))
