"""Copied rows are found, and rows that repeat by chance are not taken for copies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_iris

from spaceship.config.installation import configs
from spaceship.data._base import Dataset
from spaceship.data.checks import row_groups
from spaceship.data.copies import Copies, find_copies
from spaceship.data.local import LocalData
from spaceship.data.sklearn import TABLES, SklearnData
from spaceship.data.synthetic import SyntheticData
from spaceship.task.task import Task
from tests.data.conftest import load


def of_numbers(frame: pd.DataFrame) -> Task:
    """Return a task on the columns of a frame, each row a group of its own."""
    columns = {name: "number" if one.dtype.kind == "f" else "text" for name, one in frame.items()}
    return Task.read({"problem": "regression", "label": "y", "columns": columns, "id": "id"})


def copies(frame: pd.DataFrame, groups: pd.Series | None = None) -> Copies:
    names = pd.Series([f"g{n}" for n in range(len(frame))]) if groups is None else groups
    [found] = find_copies(frame, of_numbers(frame), names, [names])
    return found


def drawn(seed: int, rows: int, **values: int) -> pd.DataFrame:
    """Return independent columns of so many different numbers."""
    rng = np.random.default_rng(seed)
    made = {name: rng.integers(0, number, rows) * 1.0 for name, number in values.items()}
    return pd.DataFrame(made)


RICH = {"a": 50, "b": 80, "c": 300, "d": 40, "e": 1000, "f": 7}
POOR = {"a": 2, "b": 3, "c": 2, "d": 4, "e": 5, "f": 2}


@pytest.mark.parametrize("number", [1, 2, 10, 300])
@pytest.mark.parametrize("seed", range(3))
def test_copies_of_rich_rows_are_found(seed: int, number: int) -> None:
    frame = drawn(seed, 3000, **RICH)
    assert copies(frame) == Copies(0, ())
    again = pd.concat([frame, frame.iloc[:number]], ignore_index=True)
    assert copies(again) == Copies(number, tuple((n, 3000 + n) for n in range(min(number, 5))))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [50, 400, 5000])
def test_poor_rows_repeat_by_chance(seed: int, rows: int) -> None:
    frame = drawn(seed, rows, **POOR)
    assert frame.duplicated().any()
    assert copies(frame).count == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("values", [12, 20, 35])
def test_a_few_pairs_by_chance_are_none(seed: int, values: int) -> None:
    frame = drawn(seed, 400, a=values, b=values, c=values, d=values)
    assert copies(frame).count == 0


def test_the_pair_of_equal_irises_is_chance() -> None:
    iris = load_iris(as_frame=True).data
    assert iris.duplicated().sum() == 1
    assert copies(iris).count == 0


def test_columns_that_follow_from_each_other_are_no_evidence() -> None:
    frame = drawn(1, 300, cm=60, kg=60)
    frame["inch"], frame["pound"] = frame["cm"] / 2.54, frame["kg"] * 2.2
    assert frame.duplicated().any()
    assert copies(frame).count == 0


def test_empty_and_constant_rows_are_no_evidence() -> None:
    frame = drawn(1, 300, **RICH)
    frame.iloc[:40] = np.nan
    assert copies(frame).count == 0
    assert copies(frame * 0).count == 0
    assert copies(frame.head(0)).count == 0


def test_copies_in_one_group_are_its_own_affair() -> None:
    frame = drawn(1, 300, **RICH)
    again = pd.concat([frame, frame], ignore_index=True)
    groups = pd.Series([f"g{n % 300}" for n in range(600)])
    assert copies(again, groups).count == 0
    groups.iloc[300:] = "z" + groups.iloc[300:]
    assert copies(again, groups).count == 300


def test_texts_missing_values_and_zeros_are_compared() -> None:
    frame = drawn(1, 300, **RICH)
    frame["a"] = frame["a"].where(frame["a"] > 20)
    frame["name"] = pd.Series([f"name {n}" for n in range(300)], dtype="str")
    again = pd.concat([frame, frame.head(20).replace(0.0, -0.0)], ignore_index=True)
    assert copies(again).count == 20
    again.loc[300:, "name"] = "another"
    assert copies(again).count == 0


def no_leak(data: Dataset) -> bool:
    assert row_groups(data.train, data.task).notna().all()
    return data.leaks == ()


@pytest.mark.parametrize("seed", range(5))
def test_generated_passengers_have_no_leak(task: Task, seed: int) -> None:
    assert no_leak(load(SyntheticData(1500, seed, drift=seed / 4, test_fraction=0.33), task))


def test_real_passengers_have_no_leak(task: Task, real_data: Path) -> None:
    assert no_leak(load(LocalData(real_data), task))


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_scikit_learn_have_no_leak(table: str) -> None:
    task = Task.read(yaml.safe_load((configs() / "task" / f"{table}.yaml").read_text()))
    assert no_leak(load(SklearnData(table), task))
