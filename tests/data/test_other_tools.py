"""Tables as other tools and other languages write them hold the same rows."""

import logging
import shlex
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from spaceship.data._base import Table, Tables
from spaceship.data.checks import check, checked
from spaceship.data.csv_reader import csv_rows, read_csv
from spaceship.data.local import LocalData
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
        ('"0,0"', '"1,0"'),
        ("N", "S"),
        ("n", "J"),
        ("F", "V"),
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
        ("1\u202f234,5 -1\u00a0000 2,5", [1234.5, -1000.0, 2.5]),
    ],
)
def test_a_decimal_comma_is_read_where_it_is_certain(
    values: str, numbers: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    lines = "".join(f"{value};VERDADEIRO;Ulm;1\n" for value in values.split(" "))
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


@pytest.mark.parametrize("value", ["1 234.5", "1'234.5", "1\u2019234.5"])
def test_signs_between_thousands_are_left_out(value: str) -> None:
    text = f"m2;open;town;sales\n{value};1;Ulm;1\n12 345 678;1;Ulm;2\n"
    frame = check(Table(rows(text), "a"), SHOPS, labelled=True)
    assert frame["m2"].tolist() == [1234.5, 12345678.0]


@pytest.mark.parametrize("value", ["1 23", "12 34.5", "1 2345", "1 234 56", "1' 234"])
def test_other_blanks_in_numbers_are_faults(value: str) -> None:
    with pytest.raises(DataError, match="m2: expected a number"):
        check(Table(rows(f"m2;open;town;sales\n{value};1;Ulm;1\n"), "a"), SHOPS, labelled=True)


@pytest.mark.parametrize("word", ["?", "-", "N/D", "(null)", "#DIV/0!", "\\N", "it's"])
@pytest.mark.parametrize("column", ["m2", "open"])
def test_a_word_for_a_missing_value_comes_with_the_setting(word: str, column: str) -> None:
    words = {"m2": "2", "open": "1"} | {column: word}
    table = rows(f"m2;open;town;sales\n1;1;Ulm;1\n{words['m2']};{words['open']};Ulm;2\n")
    with pytest.raises(DataError, match=" is a missing value, add: ") as caught:
        check(Table(table, "a"), SHOPS, labelled=True)
    [setting] = shlex.split(str(caught.value).rpartition("add: ")[2])
    found = OverridesParser.create().parse_override(setting)
    assert found.key_or_group == "task.missing"
    value = found.value()
    assert isinstance(value, list)
    task = SHOPS.model_copy(update={"missing": tuple(map(str, value))})
    assert check(Table(table, "a"), Task.read(task.model_dump()), labelled=True)[column].isna()[1]


def test_two_words_or_a_missing_label_come_without_it() -> None:
    for text in ("old;1;Ulm;1\nnew;1;Ulm;2\n", "12 %;1;Ulm;1\n", "1;1;Ulm;?\n"):
        with pytest.raises(DataError, match="expected a number") as caught:
            check(Table(rows(f"m2;open;town;sales\n{text}"), "a"), SHOPS, labelled=True)
        assert "missing value" not in str(caught.value)


def test_empty_rows_below_a_table_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected, commas = check_text(tmp_path, GOOD), "," * GOOD.partition("\n")[0].count(",")
    with caplog.at_level(logging.INFO):
        found = check_text(tmp_path, f"{GOOD}{commas}\n{commas}\n")
    pd.testing.assert_frame_equal(found, expected)
    assert "2 rows without any value left out" in caplog.text
    with pytest.raises(DataError, match="expected an id in every row"):
        check_text(tmp_path, f"{GOOD}{commas[1:]},x\n")


def test_empty_rows_without_an_id_are_left_out_where_rows_have_labels() -> None:
    anonymous, text = SHOPS.model_copy(update={"id": None}), "m2;open;town;sales\n1;1;Ulm;1\n;;;\n"
    assert len(check(Table(rows(text), "a"), anonymous, labelled=True)) == 1
    assert len(check(Table(rows(text), "a"), anonymous, labelled=False)) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_that_end_with_a_separator_are_mended_by_the_command(
    tmp_path: Path, separator: str, end: str
) -> None:
    path = tmp_path / "it's here.csv"
    lines = [f"a{separator}b", f"1{separator}2{separator}", f"3{separator}4{separator}"]
    path.write_bytes(end.join([*lines, ""]).encode())
    with pytest.raises(DataError, match="expected 2 fields in every row") as caught:
        read_csv(path)
    command = str(caught.value).rpartition(": ")[2]
    subprocess.run(["/bin/bash", "-c", command], check=True)
    assert read_csv(path)[["a", "b"]].to_numpy().tolist() == [["1", "2"], ["3", "4"]]


def test_a_folder_without_test_file_comes_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(GOOD)
    with pytest.raises(DataError, match=r"test\.csv: expected a CSV file, found no such") as caught:
        LocalData(tmp_path).check(TASK)
    [setting] = shlex.split(str(caught.value).rpartition("alone: ")[2])
    assert setting == f"data.train={tmp_path / 'train.csv'}"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<?xml version='1.0'?><Workbook>", "XML, as of a spreadsheet"),
        ("\ufeff<!DOCTYPE html>".encode(), "a web page"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"Rar!\x1a\x07\x00", "a RAR archive"),
        (b"ARROW1\0\0", "a Feather file"),
    ],
)
def test_other_files_are_named(tmp_path: Path, data: bytes, found: str) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DataError, match=f"found {found}"):
        read_csv(tmp_path / "a.csv")


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
