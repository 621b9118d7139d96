"""Rows that `mode=inference` predicts: a file that is given, or the test part of the data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from spaceship.data._base import Table
from spaceship.data.checks import check as check_table
from spaceship.data.kaggle_submission import check_ids
from spaceship.data.stored_file import stored_bytes
from spaceship.errors import DataError, expected
from spaceship.experiment import Experiment
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task


@dataclass(frozen=True)
class Rows:
    """A table to predict, typed rows that come in blocks."""

    identity: object  # JSON that changes with the content
    blocks: Callable[[Task, int], Iterable[pd.DataFrame]]  # of a task, so many rows each
    bytes: int = 0  # of their file


def find_rows(experiment: Experiment) -> Rows:
    """Return the rows to predict, unread and unchecked if a file holds them.

    Raise DataError if the file is not there, or the data has no test part and no file is given.
    """
    given, source = experiment.settings.inference.input, experiment.source
    file = source.test_file(experiment.task) if given is None else Path(given)
    if file is not None:
        path = file.expanduser().absolute()
        stored_bytes(path, 1)
        facts = path.stat()
        times = [facts.st_mtime_ns, facts.st_ctime_ns]  # the second one cannot be set
        identity = [str(path), facts.st_ino, facts.st_size, *times, repr(source.form)]
        return Rows(identity, partial(source.parts, path), facts.st_size)
    frame = _test_part(experiment)
    return Rows(experiment.dataset.digest, lambda _task, _rows: [frame])


def check_rows(experiment: Experiment) -> pd.DataFrame:
    """Return the typed rows to predict, all at once.

    Raise DataError if the file cannot be used, or the data has no test part and no file is given;
    SubmissionError if Kaggle is to be sent the predictions, and wants those of other rows.
    """
    given = experiment.settings.inference.input
    if given is None:
        frame = _test_part(experiment)
    else:
        table = experiment.source.rows(Path(given).expanduser().absolute())
        if len(table):
            frame = check_table(Table(table, given), experiment.task, labelled=False)
        else:
            frame = typed(table, experiment.task.raw)
    if experiment.settings.inference.submit:
        check_ids(experiment.dataset.sample, frame, experiment.known_task)
    return frame


def _test_part(experiment: Experiment) -> pd.DataFrame:
    if (frame := experiment.dataset.test) is None:
        what, do = "rows to predict", "give a file: mode=inference inference.input=FILE"
        raise DataError(expected(what, f"data={experiment.source.name} without a test part", do))
    return frame
