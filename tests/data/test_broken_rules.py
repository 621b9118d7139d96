"""Each rule yields the raw values that break it, where they stand."""

from typing import Any

import pandas as pd
import pytest

from spaceship.data.broken_rules import broken_rules
from spaceship.task.task import Task


def found(task: Task, **columns: list[object]) -> list[tuple[str, str, dict[Any, Any]]]:
    rows = pd.RangeIndex(10, 10 + len(next(iter(columns.values()))), name="line")
    frame = pd.DataFrame(columns, index=rows)
    return [
        (broken.column, broken.rule, broken.found.to_dict()) for broken in broken_rules(frame, task)
    ]


def test_rules_keep_the_raw_value_and_its_row(task: Task) -> None:
    assert found(task, Age=["1", "-2.50", "x"]) == [
        ("Age", "a number", {12: "x"}),
        ("Age", "0 to 120 years", {11: "-2.50"}),
    ]


def test_a_spend_that_would_overflow_is_a_fault(task: Task) -> None:
    assert found(task, Spa=["1e15", "1e308", None]) == [("Spa", "0 to 1e+15", {11: "1e308"})]


def test_rules_come_in_the_order_of_columns_and_rows(task: Task) -> None:
    broken = found(task, VRDeck=[-1.0, 1.0, -2.0], VIP=["x", None, "z"])
    assert broken == [
        ("VIP", "true, false or nothing", {10: "x", 12: "z"}),
        ("VRDeck", "0 to 1e+15", {10: -1.0, 12: -2.0}),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        {"HomePlanet": ["Pluto", None, "", "7"], "Name": ["O'Hara", None, "", "7"]},
        {"Cabin": ["Z/0/X", None, "", "new deck/007/port"]},
        {"Age": [0, 120, None, 0.5], "Spa": [0, 1e9, None, 0.01]},
        {"Age": ["0", "120", "", None]},
        {"CryoSleep": [True, "false", None, 1]},
        {"PassengerId": ["1_1", "0001_01", "12345_100", "0002_01"]},
        {"Name": [None] * 4, "Age": [None] * 4, "VIP": [None] * 4, "Cabin": [None] * 4},
    ],
)
def test_new_categories_and_missing_values_are_data(
    task: Task, columns: dict[str, list[object]]
) -> None:
    assert found(task, **columns) == []


@pytest.mark.parametrize("cabin", ["G/12", "G/x/S", "G/1/S/2", "/1/S", "G//S"])
def test_cabin_needs_three_parts(task: Task, cabin: str) -> None:
    assert found(task, Cabin=[cabin]) == [("Cabin", "deck/number/side", {10: cabin})]


@pytest.mark.parametrize("name", ["1", "_01", "0001_", "0001-01", "a_1", "00 01_01", "0001_01_1"])
def test_passenger_id_needs_two_numbers(task: Task, name: str) -> None:
    assert found(task, PassengerId=[name]) == [
        ("PassengerId", "group and number as in 0001_01", {10: name})
    ]


def test_spellings_of_true_and_false(task: Task) -> None:
    assert found(task, VIP=["yes", "N", "t", "0"]) == []


@pytest.mark.parametrize("value", ["1e31", "-1e300", "inf", "9" * 40])
def test_a_number_to_predict_that_estimators_cannot_hold_is_a_fault(value: str) -> None:
    task = Task.read({"problem": "regression", "label": "fee", "columns": {"x": "number"}})
    rows = pd.DataFrame({"x": ["1e31", "1e300"], "fee": ["1e30", value]})
    [broken] = broken_rules(rows, task)
    assert (broken.column, broken.rule) == ("fee", "a number within ±1e+30")
    assert broken.found.tolist() == [value]
