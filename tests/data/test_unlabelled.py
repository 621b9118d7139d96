"""Training rows without a label are a fault, or dropped where the task says so."""

import pandas as pd
import pytest

from spaceship.data._base import Table
from spaceship.data.checks import check
from spaceship.errors import DataError
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.tasks import PROBLEMS, fields, harvest


def rows(task: Task) -> pd.DataFrame:
    """Return twelve raw rows as a file holds them, the third and the eighth without a label."""
    frame = harvest(task, size=12)
    raw = frame.astype(object).assign(**{task.label: [*task.spelt(task.target(frame))]})
    raw[task.label] = raw[task.label].astype(object)
    raw.loc[[2, 7], task.label] = None
    return raw


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_without_a_label_are_dropped_where_the_task_says_so(problem: Problem) -> None:
    task = fields(problem, unlabelled="drop")
    frame = check(Table(rows(task), "train.csv"), task, labelled=True)
    assert frame["field"].tolist() == [f"f{row}" for row in range(12) if row not in {2, 7}]
    assert frame[task.label].dtype == harvest(task, size=12)[task.label].dtype


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_without_a_label_are_a_fault_elsewhere(problem: Problem) -> None:
    task = fields(problem)
    with pytest.raises(DataError, match="in every row, found 2 rows otherwise"):
        check(Table(rows(task), "train.csv"), task, labelled=True)


def test_a_label_that_cannot_be_read_is_a_fault_everywhere() -> None:
    task = fields(Problem.REGRESSION, unlabelled="drop")
    raw = rows(task)
    raw.loc[3, task.label] = "much"
    with pytest.raises(DataError, match="found 1 row otherwise: row 4 'much'"):
        check(Table(raw, "train.csv"), task, labelled=True)
