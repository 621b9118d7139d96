"""The submission has the input's rows in the input's order, and a place that takes it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset, Table
from spaceship.data.sample import check_sample
from spaceship.data.submission import submission, usable
from spaceship.errors import ConfigError, DataError, SubmissionError
from spaceship.task.task import Task


def test_rows_and_order_are_the_inputs(people: Dataset) -> None:
    assert people.test is not None
    backwards = people.test.iloc[::-1].reset_index(drop=True)
    flags = np.arange(len(backwards)) % 3 == 0
    answered = pd.DataFrame({"Transported": flags})
    table = submission(answered, backwards, people.task)
    assert table.columns.tolist() == ["PassengerId", "Transported"]
    assert table["PassengerId"].tolist() == people.test["PassengerId"].tolist()[::-1]
    assert table["Transported"].tolist() == flags.tolist()
    assert table["Transported"].dtype == bool


@pytest.mark.parametrize("spoil", ["order", "length", "names"])
def test_a_sample_of_other_passengers_is_refused(people: Dataset, spoil: str) -> None:
    assert people.sample is not None
    assert people.test is not None
    sample = {
        "order": people.sample.iloc[::-1].reset_index(drop=True),
        "length": people.sample.head(3),
        "names": people.sample.assign(PassengerId=people.sample["PassengerId"] + "x"),
    }[spoil]
    with pytest.raises(DataError, match="expected the PassengerIds of the test file"):
        check_sample(Table(sample, "sample.csv"), people.test, people.task)


def test_predictions_of_another_length_are_a_fault(people: Dataset) -> None:
    assert people.test is not None
    with pytest.raises(ValueError, match="Length mismatch"):
        submission(pd.DataFrame({"Transported": [True, False]}), people.test, people.task)


@pytest.mark.parametrize("where", ["file/submission.csv", "folder"])
def test_a_place_that_cannot_be_written_is_told_and_left_alone(
    tmp_path: Path, task: Task, where: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("mine")
    with pytest.raises(SubmissionError, match=r"write .*; choose another file: inference"):
        usable(tmp_path / where, task)  # before anything is predicted
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "mine").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_device_or_a_pipe_is_left_alone_and_a_link_followed(tmp_path: Path, task: Task) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SubmissionError, match="found a device or a pipe there"):
        usable(tmp_path / "pipe", task)
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link").symlink_to(tmp_path / "target.csv")
    assert usable(tmp_path / "link", task) == tmp_path / "target.csv"


def test_a_name_may_look_like_a_number_and_has_to_be_there(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert usable(2026, task) == Path.cwd() / "2026"
    monkeypatch.setenv("HOME", "/home/me")
    assert usable("~/mine.csv", task) == Path("/home/me/mine.csv")
    for nothing in (None, ""):
        with pytest.raises(ConfigError, match="name a CSV file"):
            usable(nothing, task)


@pytest.mark.parametrize(
    ("content", "ours"),
    [
        (b"", True),
        (b"PassengerId,Transported\n0013_01,True\n", True),
        (b"PassengerId,Transported\r\n0013_01,True\r\n", True),
        (b"PassengerId,Transported,probability_True\n0013_01,True,0.9\n", True),
        (b"PassengerId,Transported,lower_90,upper_90\n0013_01,1,0,2\n", True),
        (b"\nnotes\n", False),
        (b"PassengerId,Transported,HomePlanet\n", False),
        (b"PassengerId,HomePlanet,Transported\n", False),
        (b"# my thesis\n", False),
        (b"PAR1\xff\x00", False),
    ],
)
def test_only_predictions_of_the_task_are_overwritten_without_being_asked(
    tmp_path: Path, task: Task, content: bytes, *, ours: bool
) -> None:
    path = tmp_path / "there.csv"
    path.write_bytes(content)
    assert usable(path, task, overwrite=True) == path
    if ours:
        assert usable(path, task) == path
        return
    with pytest.raises(SubmissionError, match=r"a file of other content; .*overwrite=true$"):
        usable(path, task)
    assert path.read_bytes() == content


def test_earlier_predictions_as_parquet_are_known(tmp_path: Path, task: Task) -> None:
    rows = pd.DataFrame({"PassengerId": ["0013_01"], "Transported": [True]})
    path = tmp_path / "there.parquet"
    rows.to_parquet(path)
    assert usable(path, task) == path
    rows.rename(columns={"Transported": "plan"}).to_parquet(path)
    with pytest.raises(SubmissionError, match="a file of other content"):
        usable(path, task)
