"""From predictions to Kaggle's submission file."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import Passengers
from spaceship.data.checks import ID, LABEL, check_sample
from spaceship.errors import ConfigError, SubmissionError
from spaceship.files import write_atomically


def submission(predictions: npt.ArrayLike, people: Passengers) -> pd.DataFrame:
    """Return the table to submit: one row per test passenger, in the test file's order.

    Args:
        predictions: True or False per test passenger `(n_rows,)`.
        people: Test passengers and, if there is one, the sample to agree with.

    Raises:
        DataError: The sample names other passengers.

    """
    if people.sample is not None:
        check_sample(people.sample, people.test)
    label = np.asarray(predictions).astype(bool)
    return pd.DataFrame({ID: people.test[ID], LABEL: label})


def usable(output: object) -> Path:
    """Return where `inference.output` is, once nothing in the way of a file is seen there.

    A link is followed. What is there and is no plain file is left alone: to put a file in place of
    a device such as /dev/null would break the machine.

    Raises:
        ConfigError: It names no file.
        SubmissionError: Something else is there.

    """
    if not output:
        message = f"expected inference.output=FILE, found {output!r}; name a CSV file"
        raise ConfigError(message)
    path = Path(str(output)).expanduser().resolve()
    if path.exists() and not path.is_file():
        found = "a folder" if path.is_dir() else "a device or a pipe"
        message = f"expected to write {path}, found {found} there; choose inference.output=FILE"
        raise SubmissionError(message)
    return path


def write(table: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV, whole or not at all.

    Args:
        table: What `submission` returned.
        path: What `usable` returned.

    Raises:
        SubmissionError: The file cannot be written.

    """
    try:
        write_atomically(path, table.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        message = f"expected to write {path}, found: {error}; choose inference.output=FILE"
        raise SubmissionError(message) from error
