"""Submission: the table of predictions, and the CSV file that it is written to."""

from pathlib import Path

import pandas as pd

from spaceship.errors import ConfigError, SubmissionError, expected
from spaceship.files import csv_text, why_unwritable, write_atomically
from spaceship.task.label import BOUNDS, PROBABILITY
from spaceship.task.task import Task

_ANOTHER = "choose another file: inference.output=FILE"


def submission(answered: pd.DataFrame, frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the table to submit: the id of each row before what is answered to it.

    The answers are those to the rows of the frame, in its order: the label, and probabilities or an
    interval where they are wanted.

    >>> table = submission(pd.DataFrame({task.label: [True]}), people.test.head(1), task)
    >>> table.columns.tolist() == [task.id, task.label]
    True
    """
    table = answered.set_axis(frame.index)
    table.insert(0, task.id_name, task.names(frame))
    return table.reset_index(drop=True)


def usable(output: object, task: Task, *, overwrite: bool = False) -> Path:
    """Return the path of `inference.output`, links followed.

    Raise SubmissionError if no file can be made there, if a folder, a device or a pipe is there (a
    file in the place of /dev/null would break the machine), or, unless `overwrite`, a file of other
    content than predictions of the task.

    >>> usable(tmp_path / "mine.csv", task).name
    'mine.csv'
    """
    if not output:
        raise ConfigError(expected("inference.output=FILE", repr(output), "name a CSV file"))
    path = Path(str(output)).expanduser().resolve()
    if fault := why_unwritable(path.parent):
        raise _unwritable(path, fault)
    if path.exists() and not path.is_file():
        raise _unwritable(path, f"{'a folder' if path.is_dir() else 'a device or a pipe'} there")
    if path.is_file() and not overwrite and not _holds_predictions(path, task):
        what, found = f"no file, or earlier predictions, in {path}", "a file of other content"
        do = f"{_ANOTHER}, or add inference.overwrite=true"
        raise SubmissionError(expected(what, found, do))
    return path


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all; raise SubmissionError if that is impossible.

    >>> write(people.sample, tmp_path / "mine.csv")
    """
    try:
        write_atomically(path, csv_text(table))
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _holds_predictions(path: Path, task: Task) -> bool:
    """Return whether a file is empty or has the header of a task's predictions."""
    header = csv_text(pd.DataFrame(columns=[task.id_name, task.label])).strip("\n")
    try:
        with path.open("rb") as file:
            first = file.readline().decode(errors="replace")
    except OSError as error:
        raise _unwritable(path, str(error)) from error
    more = (f"{header},{PROBABILITY}", f"{header},{','.join(BOUNDS)}")
    return first.rstrip("\r\n") == header or first.startswith(more) or not first


def _unwritable(path: Path, found: str) -> SubmissionError:
    return SubmissionError(expected(f"to write {path}", found, _ANOTHER))
