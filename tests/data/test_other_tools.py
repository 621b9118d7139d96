"""Tables as other tools and other languages write them hold the same rows."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data._base import Table, Tables
from spaceship.data.checks import check, checked
from spaceship.data.csv_reader import csv_rows
from spaceship.errors import DataError
from spaceship.task.task import Task
from tests.data.conftest import built_in
from tests.data.test_checks import GOOD, check_text

TASK = built_in()
SHOPS = Task.read(
    {
        "problem": "regression",
        "label": "sales",
        "columns": {"m2": "number", "open": "boolean", "town": "category"},
    }
)


def worded(false: str, true: str) -> str:
    return GOOD.replace("False", false).replace("True", true)


@pytest.mark.parametrize(
    ("false", "true"),
    [
        ("FALSO", "VERDADEIRO"),
        ("FALSCH", "WAHR"),
        ("FAUX", "VRAI"),
        ("FALSO", "VERO"),
        ("FALSO", "VERDADERO"),
        ("ЛОЖЬ", "ИСТИНА"),
        ("YANLIŞ", "DOĞRU"),
        ("No", "Yes"),
        ("não", "sim"),
        ("f", "t"),
        ("0", "1"),
        ("0.0", "1.0"),
    ],
)
def test_words_for_true_and_false(tmp_path: Path, false: str, true: str) -> None:
    expected = check_text(tmp_path, GOOD)
    pd.testing.assert_frame_equal(check_text(tmp_path, worded(false, true)), expected)


def rows(text: str) -> pd.DataFrame:
    return csv_rows(Path("shops.csv"), text.encode())


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ("56,0 0,5 7", [56.0, 0.5, 7.0]),
        ("1.234,5 1.000 2", [1234.5, 1000.0, 2.0]),
        ("1234,125 -5 3", [1234.125, -5.0, 3.0]),
        (",5 -,25 1e3", [0.5, -0.25, 1000.0]),
        ("0,125 3 4", [0.125, 3.0, 4.0]),
        ("1,5e3 3 4", [1500.0, 3.0, 4.0]),
    ],
)
def test_a_decimal_comma_is_read_where_it_is_certain(
    values: str, numbers: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    lines = "".join(f"{value};VERDADEIRO;Ulm;1\n" for value in values.split())
    with caplog.at_level(logging.INFO):
        frame = check(Table(rows(f"m2;open;town;sales\n{lines}"), "a"), SHOPS, labelled=True)
    assert frame["m2"].tolist() == numbers
    assert "a: numbers read with the decimal comma" in caplog.messages


@pytest.mark.parametrize("values", ["1,234 7 8", "1,5 2.5 7", "1,5 1.2.3 7", "1,250 12,500 3"])
def test_a_doubtful_decimal_sign_is_a_fault_with_the_setting(values: str) -> None:
    lines = "".join(f"{value};1;Ulm;1\n" for value in values.split())
    with pytest.raises(DataError, match="m2: expected a number") as caught:
        check(Table(rows(f"m2;open;town;sales\n{lines}"), "a"), SHOPS, labelled=True)
    assert str(caught.value).endswith("""the decimal sign, add: '++task.decimal=","'""")


@pytest.mark.parametrize(("sign", "text"), [(",", "1.5 2.25 3"), (".", "1,5 2,25 3")])
def test_the_sign_of_the_task_gives_way_to_certain_numbers(sign: str, text: str) -> None:
    task = SHOPS.model_copy(update={"decimal": sign})
    lines = "".join(f"{value};1;Ulm;{value}\n" for value in text.split())
    frame = check(Table(rows(f"m2;open;town;sales\n{lines}"), "a"), task, labelled=True)
    assert frame["m2"].tolist() == frame["sales"].tolist() == [1.5, 2.25, 3.0]


def test_a_word_among_numbers_stays_a_fault_of_its_own() -> None:
    text = "m2;open;town;sales\n1,5;1;Ulm;1\nold;1;Ulm;2\n"
    with pytest.raises(DataError, match="found 1 row otherwise: line 3 'old'"):
        check(Table(rows(text), "a"), SHOPS, labelled=True)


def test_blanks_around_texts_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = check_text(tmp_path, GOOD)
    with caplog.at_level(logging.INFO):
        padded = GOOD.replace(",Earth,", ", Earth\u00a0,").replace("\n0001_01,", "\n 0001_01 ,")
        pd.testing.assert_frame_equal(check_text(tmp_path, padded), expected)
    [message] = caplog.messages
    assert "blanks around values left out: 1 of PassengerId, 1 of HomePlanet" in message


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda one: f"{one[:2]}_{one[2:]} ?"])
def test_names_that_differ_in_case_and_signs_are_read(
    tmp_path: Path, change: object, caplog: pytest.LogCaptureFixture
) -> None:
    header, _, below = GOOD.partition("\n")
    assert callable(change)
    expected = check_text(tmp_path, GOOD)
    with caplog.at_level(logging.INFO):
        found = check_text(tmp_path, ",".join(map(change, header.split(","))) + f"\n{below}")
    pd.testing.assert_frame_equal(found, expected)
    assert "columns read: " in caplog.text


def test_two_names_as_near_are_a_fault(tmp_path: Path) -> None:
    text = GOOD.replace("Age,VIP", "age,AGE")
    with pytest.raises(DataError, match=r"missing: Age \(is 'AGE' meant\?\), VIP"):
        check_text(tmp_path, text)


def test_faults_of_train_and_test_come_in_one_message() -> None:
    train = rows("m2;open;town;sales\nold;1;Ulm;1\n")
    test = rows("m2;open;town\n1;maybe;Ulm\n")
    with pytest.raises(DataError) as caught:
        checked(Tables(Table(train, "train.csv"), Table(test, "test.csv")), SHOPS)
    message = str(caught.value)
    assert message.index("train.csv: 1 fault") < message.index("test.csv: 1 fault")
    assert "line 2 'maybe'" in message
