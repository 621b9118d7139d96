"""The description of each kind of column, and its table."""

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.data.description import describe, description_csv, description_table
from spaceship.task.raw_frame import typed, typed_label
from spaceship.task.spaceship_titanic.columns import COLUMNS
from spaceship.task.task import Task

LABEL = "Transported"


@pytest.fixture
def frame(task: Task) -> pd.DataFrame:
    raw = dict.fromkeys(COLUMNS, [None] * 4) | {
        "PassengerId": ["0001_01", "0002_01", "0003_01", "0004_01"],
        "HomePlanet": ["Earth", "Mars", "Earth", None],
        "CryoSleep": [True, None, None, False],
        "Age": [1.0, 2.0, np.nan, 6.0],
        "Name": [None] * 4,
        LABEL: [True, False, False, True],
    }
    frame = pd.DataFrame(raw)
    return typed(frame, task.raw).assign(**{LABEL: typed_label(frame, task)})


def test_figures_of_each_kind_of_column(task: Task, frame: pd.DataFrame) -> None:
    profile = describe(frame, task)
    assert profile.index.tolist() == frame.columns.tolist()
    planet, cryo, age = (profile.loc[name] for name in ("HomePlanet", "CryoSleep", "Age"))
    assert (planet["dtype"], planet["missing"], planet["distinct"]) == ("str", 0.25, 2)
    assert (planet["top"], planet["top_share"]) == ("Earth", 2 / 3)
    assert planet["label_if_missing"] == 1.0
    assert (cryo["dtype"], cryo["missing"], cryo["label_if_missing"]) == ("boolean", 0.5, 0.0)
    assert (age["minimum"], age["median"], age["maximum"]) == (1.0, 2.0, 6.0)
    assert pd.isna(planet["minimum"])
    assert pd.isna(profile.loc[LABEL, "label_if_missing"])


def test_no_value_of_the_data_is_a_formula_in_the_file(task: Task, frame: pd.DataFrame) -> None:
    text = description_csv(describe(frame.assign(HomePlanet='=HYPERLINK("x")'), task))
    assert """\nHomePlanet,str,0.0,1,"'=HYPERLINK(""x"")",1.0,""" in text
    assert "\nAge,float64,0.25,3," in text


def test_a_column_without_any_value(task: Task, frame: pd.DataFrame) -> None:
    name = describe(frame, task).loc["Name"]
    assert (name["missing"], name["distinct"], name["top"]) == (1.0, 0, "")
    assert pd.isna(name["top_share"])
    assert name["label_if_missing"] == 0.5


def test_a_terminal_gets_a_line_a_column(task: Task, people: Dataset) -> None:
    shown = str(description_table(describe(people.train, task)))
    assert len(shown.splitlines()) == len(people.train.columns) + 1
    assert "NaN" not in shown
    assert "Earth" in shown


def test_a_table_without_a_number_is_described() -> None:
    plan = {"problem": "multiclass", "label": "kind", "columns": {"plan": "category"}}
    frame = pd.DataFrame({"plan": ["a", None], "kind": ["x", "y"]}, dtype="str")
    description = describe(frame, Task.read(plan))
    assert description["median"].isna().all()
    assert "missing" in str(description_table(description))
