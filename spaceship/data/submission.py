"""Submission: the table of predictions, and the CSV file that it is written to."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from spaceship.errors import ConfigError, SubmissionError, expected
from spaceship.files import csv_text, why_unwritable
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
        raise unwritable(path, fault)
    if path.exists() and not path.is_file():
        raise unwritable(path, f"{'a folder' if path.is_dir() else 'a device or a pipe'} there")
    if path.is_file() and not overwrite and not _holds_predictions(path, task):
        what, found = f"no file, or earlier predictions, in {path}", "a file of other content"
        do = f"{_ANOTHER}, or add inference.overwrite=true"
        raise SubmissionError(expected(what, found, do))
    return path


def _holds_predictions(path: Path, task: Task) -> bool:
    """Return whether a file is empty or has the columns of a task's predictions."""
    wanted = csv_text(pd.DataFrame(columns=[task.id_name, task.label])).strip("\n")
    more = (f"{wanted},{PROBABILITY}", f"{wanted},{','.join(BOUNDS)}")
    try:
        with path.open("rb") as file:
            first = file.readline()
    except OSError as error:
        raise unwritable(path, str(error)) from error
    header = first.decode(errors="replace").rstrip("\r\n")
    if first.startswith(b"PAR1"):
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        with suppress(OSError, ValueError):  # a damaged file, pyarrow's errors are among these
            names = pq.read_schema(path).names
            header = csv_text(pd.DataFrame(columns=names)).strip("\n")
    return header == wanted or header.startswith(more) or not first


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise SubmissionError if the system refuses to write a file of predictions, or parts of it.

    >>> with writing(tmp_path / "a.csv"):
    ...     _ = (tmp_path / "nothing" / "a.csv").write_text("")
    Traceback (most recent call last):
    spaceship.errors.SubmissionError: expected to write ...nothing/a.csv, found No such file ...
    """
    try:
        yield
    except OSError as error:
        at = path if error.filename is None else Path(str(error.filename))
        raise unwritable(at, error.strerror or str(error)) from error


def unwritable(path: Path, found: str) -> SubmissionError:
    """Return the error of a file of predictions that cannot be written.

    >>> str(unwritable(Path("a.csv"), "a full disk"))
    'expected to write a.csv, found a full disk; choose another file: inference.output=FILE'
    """
    return SubmissionError(expected(f"to write {path}", found, _ANOTHER))
