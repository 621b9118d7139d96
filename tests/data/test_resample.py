"""Resampled rows are whole groups under new names that break no rule, the same for a seed."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spaceship.data._base import Dataset
from spaceship.data.alike_ids import written_twice
from spaceship.data.resample import ResampledData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError, DataError
from spaceship.task.task import Task
from tests.data.conftest import load


@pytest.fixture(scope="module")
def passengers(task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passengers")
    tables = SyntheticData(100, 1, 0.0, 0.3).read(task)
    assert tables.test is not None
    tables.train.frame.to_csv(folder / "train.csv", index=False)
    tables.test.frame.to_csv(folder / "test.csv", index=False)
    return folder


def grouped(**changes: Any) -> Task:
    node = {
        "name": "homes",
        "problem": "regression",
        "label": "y",
        "group": "home",
        "columns": {"home": "text", "x": "number"},
        "files": {"test": None},
    }
    return Task.read(node | changes)


def rows(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"home": ["a", "a", "b"], "x": [1, 2, 3], "y": [1, 2, 3], **columns})


def drawn(frame: pd.DataFrame, task: Task, folder: Path, n_rows: int = 200) -> Dataset:
    frame.to_csv(folder / "rows.csv", index=False)
    return load(ResampledData(n_rows, 1, train=folder / "rows.csv"), task)


def test_groups_stay_whole_and_ids_keep_their_pattern(task: Task, passengers: Path) -> None:
    data = load(ResampledData(3000, 1, passengers), task)
    assert data.test is not None
    assert 3000 <= len(data.train) < 3010
    assert 1000 < len(data.test) < 2000
    whole = pd.concat([data.train, data.test])
    assert whole["PassengerId"].is_unique
    raw = pd.read_csv(passengers / "train.csv", dtype=str)
    sizes = {*raw["PassengerId"].str[:4].value_counts()}
    assert {*task.group_sizes(data.train)} <= sizes
    cabins = raw.groupby(raw["PassengerId"].str[:4])["Cabin"].agg(list).map(str)
    copied = data.train.groupby(task.group_names(data.train))["Cabin"].agg(list).map(str)
    assert {*copied} <= {*cabins}


def test_the_seed_decides(task: Task, passengers: Path) -> None:
    first = ResampledData(500, 1, passengers)
    again, other, longer = (
        ResampledData(n, s, passengers) for n, s in ((500, 1), (500, 2), (501, 1))
    )
    assert load(first, task).digest == load(again, task).digest != load(other, task).digest
    prints = {one.fingerprint(task) for one in (first, again, other, longer)}
    assert len(prints) == 3


def test_it_says_what_the_figures_are_worth(
    task: Task, passengers: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        ResampledData(10, 1, passengers).read(task)
    assert "for trying out" in caplog.text
    assert "every score flatters" in caplog.text


@pytest.mark.parametrize("homes", [["a", "a", "b"], ["P-007", "P-007", "P-2"], ["7", "7", "10"]])
def test_names_of_groups(tmp_path: Path, homes: list[str]) -> None:
    data = drawn(rows(home=homes), grouped(), tmp_path)
    sizes = data.train["home"].value_counts()
    assert {*sizes} == {1, 2}
    assert len(sizes) > 90
    assert {*homes} <= {*sizes.index}


def test_a_group_of_numbers(tmp_path: Path) -> None:
    task = grouped(columns={"home": {"type": "number", "min": 0}, "x": "number"})
    data = drawn(rows(home=[1, 1, 9]), task, tmp_path)
    assert {*data.train["home"].value_counts()} == {1, 2}


def test_ids_beside_groups_and_groups_that_are_missing(tmp_path: Path) -> None:
    task = grouped(id="key", columns={"x": "number"})
    frame = rows(home=["a", None, None], key=["k1", "k2", "k3"])
    data = drawn(frame, task, tmp_path)
    assert data.train["key"].is_unique
    assert (data.train["home"].isna() == (data.train["x"] > 1)).all()


def test_without_names_rows_are_repeated(tmp_path: Path) -> None:
    data = drawn(rows(), grouped(group=None, columns={"x": "number"}), tmp_path, 50)
    assert len(data.train) == 50


@pytest.mark.parametrize(
    "column",
    [
        {"type": "text", "pattern": "[ab]"},
        {"type": "category", "levels": ["a", "b"]},
        {"type": "text", "pattern": "[a-z]"},
    ],
)
def test_rules_that_no_new_name_keeps(tmp_path: Path, column: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="data=resample: expected home to take new names"):
        drawn(rows(), grouped(columns={"home": column, "x": "number"}), tmp_path)


def test_days_as_groups_are_refused(tmp_path: Path) -> None:
    task = grouped(columns={"home": "date", "x": "number"})
    days = ["2024-01-01", "2024-01-01", "2024-01-02"]
    with pytest.raises(ConfigError, match="found a date with rules"):
        drawn(rows(home=days), task, tmp_path)


def test_faults_of_the_source_come_first(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a number"):
        drawn(rows(x=["a", "b", "c"]), grouped(), tmp_path)
    with pytest.raises(DataError, match=r"data\.dir not set"):
        ResampledData(10, 1).read(grouped())


def test_a_packaged_table_needs_no_file() -> None:
    node = {"name": "wine", "problem": "multiclass", "label": "cultivar"}
    task = Task.read({**node, "columns": {"alcohol": "number"}})
    assert len(load(ResampledData(1000, 1), task).train) == 1000


@pytest.mark.parametrize(
    ("arguments", "names"),
    [((0, 1), ["n_rows"]), ((True, -1), ["n_rows", "seed"]), ((10, 1.5), ["seed"])],
)
def test_arguments_out_of_range(arguments: tuple[Any, Any], names: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        ResampledData(*arguments)
    assert all(f"expected data.{name} to be a whole number" in str(caught.value) for name in names)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("ab09_- é", min_size=1).map(str.strip), min_size=1, max_size=12))
def test_any_names_give_new_ones(
    tmp_path_factory: pytest.TempPathFactory, homes: list[str]
) -> None:
    assume(not written_twice(pd.Series(homes, dtype="str")))  # such as 0 and 00: a fault
    frame = pd.DataFrame({"home": homes, "x": np.arange(len(homes)), "y": 1.0, "z": 1})
    path = tmp_path_factory.mktemp("names")
    data = drawn(frame, grouped(), path, 60)
    sizes = data.train["home"].value_counts()
    known = frame["home"].replace("", None).value_counts()
    assert {*sizes} <= {*known}
