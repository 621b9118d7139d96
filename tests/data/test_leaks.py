"""Leaks of every kind are warned of with the rows named, or refused; clean data are silent."""

import logging
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset, DataSource, Table, Tables
from spaceship.data.cache import load_dataset
from spaceship.data.checks import checked
from spaceship.errors import DataError
from spaceship.task.task import Task


def again(task: Task, frame: pd.DataFrame, prefix: str = "9") -> pd.DataFrame:
    """Return the same passengers under other ids and in other groups."""
    return frame.assign(**{task.id_name: prefix + frame[task.id_name]})


def leaks(task: Task, train: pd.DataFrame, test: pd.DataFrame | None = None) -> tuple[str, ...]:
    other = None if test is None else Table(test, "test.csv")
    return checked(Tables(Table(train, "train.csv"), other), task).leaks


def test_clean_passengers_have_none(people: Dataset, task: Task) -> None:
    assert people.leaks == ()
    assert leaks(task, people.train) == ()


@pytest.mark.parametrize("number", [3, 20, 200])
def test_copies_under_other_ids(people: Dataset, task: Task, number: int) -> None:
    copied = again(task, people.train.iloc[:number])
    [line] = leaks(task, pd.concat([people.train, copied], ignore_index=True))
    assert "passengers with copies in other travel groups: " in line
    shown = re.findall("(\\w+) = (\\w+)", line)
    assert shown == [(one, f"9{one}") for one, _ in shown]
    assert len(shown) >= min(number, 5) - 1


def test_rows_to_predict_that_are_training_rows(people: Dataset, task: Task) -> None:
    assert people.test is not None
    known = again(task, people.train.drop(columns=task.label).iloc[:30])
    [line] = leaks(task, people.train, pd.concat([people.test, known], ignore_index=True))
    assert "passengers to predict that are training rows as well: " in line
    assert leaks(task, people.train, people.test) == ()


@pytest.mark.parametrize("kind", ["number", "category", "text", "date", "missing"])
def test_a_column_that_tells_the_label(people: Dataset, task: Task, kind: str) -> None:
    label, rng = people.train[task.label].to_numpy(), np.random.default_rng(1)
    noise = rng.random(len(label))
    told: dict[str, pd.Series] = {
        "number": pd.Series(label * 2 + noise),
        "category": pd.Series(np.where(label, "left", "stayed")),
        "text": pd.Series(np.where(label, "left the ship", "stayed on the ship")),
        "date": pd.Timestamp("2026-01-01") + pd.to_timedelta(pd.Series(label * 99 + noise), "D"),
        "missing": pd.Series(np.where(label, noise, np.nan)),
    }
    kinds = {"missing": "number"}
    node = task.to_plain()
    node["columns"] = {**node["columns"], "outcome": {"type": kinds.get(kind, kind)}}
    [line] = leaks(Task.read(node), people.train.assign(outcome=told[kind]))
    assert line.startswith("outcome predicts the label alone (AUC ")


def test_a_column_that_tells_a_number_or_one_of_several_classes() -> None:
    rng = np.random.default_rng(1)
    size, noise = rng.random(500), rng.random(500)
    columns = {"noise": "number", "told": "number"}
    frame = pd.DataFrame({"noise": noise, "told": size * 3, "y": size})
    for problem in ("regression", "multiclass"):
        task = Task.read({"problem": problem, "label": "y", "columns": columns})
        y = frame["y"] if problem == "regression" else (frame["y"] * 3).astype(int).astype(str)
        [line] = leaks(task, frame.assign(y=y))
        assert line.startswith("told predicts the label alone")
        assert leaks(task, frame.assign(y=y, told=noise)) == ()


@pytest.mark.parametrize(
    ("one", "other"), [("0013", "13"), ("13.0", "13"), ("a 1", "a1"), ("7-01", "07-1")]
)
def test_one_group_in_two_spellings_is_a_fault(one: str, other: str) -> None:
    task = Task.read(
        {"problem": "regression", "label": "y", "group": "town", "columns": {"x": "number"}}
    )
    frame = pd.DataFrame({"town": [one, other, "Ulm", "Bern"], "x": [1.0, 2, 3, 4], "y": 1.0})
    with pytest.raises(DataError, match=r"each group \(town\) to be written in one way") as caught:
        leaks(task, frame)
    assert f"{one} = {other}" in str(caught.value)
    with pytest.raises(DataError, match=f"found 1 in both: {one} = {other}"):
        leaks(task, frame.drop(index=1), frame.drop(index=0).iloc[:1])


@pytest.mark.parametrize("names", [["1.05", "1.5"], ["A07", "A7"], ["0a", "a"], ["10", "1"]])
def test_other_names_stay_apart(names: list[str]) -> None:
    task = Task.read(
        {"problem": "regression", "label": "y", "id": "code", "columns": {"x": "number"}}
    )
    frame = pd.DataFrame({"code": [*names, "z"], "x": [1.0, 2, 3], "y": [1.0, 5, 9]})
    assert leaks(task, frame) == ()


def test_ids_that_differ_in_case_are_warned_of() -> None:
    task = Task.read(
        {"problem": "regression", "label": "y", "id": "code", "columns": {"x": "number"}}
    )
    frame = pd.DataFrame({"code": ["Ab", "aB", "z"], "x": [1.0, 2, 3], "y": [1.0, 5, 9]})
    assert leaks(task, frame) == ("code in lower and upper case: Ab = aB",)


class Given(DataSource):
    """Source of a table in memory."""

    name = "given"

    def __init__(self, table: Table) -> None:
        self.table = table

    def fingerprint(self, task: Task) -> str:
        return task.name

    def read(self, task: Task) -> Tables:
        del task
        return Tables(self.table)


def test_leaks_are_kept_with_the_data_said_once_or_refused(
    people: Dataset, task: Task, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doubled = pd.concat([people.train, again(task, people.train, "7")], ignore_index=True)
    source = Given(Table(doubled, "train.csv"))
    for _ in range(3):  # read and checked, then from the copy
        load_dataset(source, task, tmp_path)
    [message] = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert message.startswith("Possible leak: 355 passengers with copies in other travel groups")
    for folder in (tmp_path, tmp_path / "anew"):
        with pytest.raises(DataError, match=r"data\.on_leak=fail(.|\n)*data\.on_leak=warn"):
            load_dataset(source, task, folder, refuse_leaks=True)
