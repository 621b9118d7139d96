"""A frame that breaks the schema is refused with every fault of it; all else has one digest."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Table, Tables
from spaceship.data.checks import check, check_disjoint, checked
from spaceship.data.csv_reader import read_csv
from spaceship.data.digest import digest
from spaceship.errors import DataError
from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL
from spaceship.task.task import Task
from tests.data.conftest import built_in

TASK = built_in()
HEADER = [*COLUMNS, LABEL]
ROWS = [
    "0001_01,Europa,False,B/0/P,TRAPPIST-1e,39.0,False,0.0,0.0,0.0,0.0,0.0,Maham Ofracculy,False",
    "0002_01,Earth,True,F/0/S,TRAPPIST-1e,24.0,False,109.0,9.0,25.0,549.0,44.0,Juanna Vines,True",
    "0003_01,,,,,,,,,,,,,True",
    '0003_02,Pluto,False,Z/0/X,"Mars, moon",0.0,True,0.5,0.0,,0.0,0.0,"O\'Hara ""Zoë""",False',
]
GOOD = ",".join(HEADER) + "\n" + "\n".join(ROWS) + "\n"


def check_text(folder: Path, text: str, *, labelled: bool = True) -> pd.DataFrame:
    path = folder / "train.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return check(Table(read_csv(path), "train.csv"), TASK, labelled=labelled)


def good() -> pd.DataFrame:
    cells = [dict(zip(HEADER, row.split(","), strict=True)) for row in ROWS[:3]]
    return check(Table(pd.DataFrame(cells), "frame"), TASK, labelled=True)


def edited(row: int, **values: str) -> str:
    """Return the good text with other values in one of its plain rows."""
    cells = dict(zip(HEADER, ROWS[row].split(","), strict=True)) | values
    return GOOD.replace(ROWS[row], ",".join(cells.values()))


def reordered(text: str) -> str:
    """Return the rows without commas in their fields, their columns back to front."""
    return "\n".join(",".join(reversed(line.split(","))) for line in text.splitlines()[:4])


FAULTS = {
    "missing column": (GOOD.replace("Age", "Alter"), ["expected 14 columns, missing: Age"]),
    "misspelt column": (GOOD.replace("Spa,", "Spas,"), ["missing: Spa (is 'Spas' meant?)"]),
    "no label": (GOOD.replace(",Transported", ",T"), ["missing: Transported (the label)"]),
    "column twice": (GOOD.replace("Spa,", "Age,"), ["missing: Spa", "found more than once: Age"]),
    "other file": ("a,b\n1,2\n", ["1 fault in 1 row.", "missing: PassengerId, HomePlanet"]),
    "no rows": (GOOD.splitlines()[0], ["1 fault in 0 rows", "at least one passenger"]),
    "header again": (GOOD + GOOD, ["expected one header", "line 6 'PassengerId'"]),
    "text in a number": (
        edited(1, Age="old"),
        ["Age: expected a number, found 1 row otherwise: line 3 'old'"],
    ),
    "negative spend": (edited(1, Spa="-1"), ["Spa: expected 0 to 1e+15", "line 3 '-1'"]),
    "infinite spend": (edited(0, VRDeck="inf"), ["VRDeck: expected a finite number", "'inf'"]),
    "negative age": (edited(0, Age="-0.5"), ["Age: expected 0 to 120 years", "line 2 '-0.5'"]),
    "great age": (edited(0, Age="121"), ["Age: expected 0 to 120 years", "line 2 '121'"]),
    "no id": (edited(0, PassengerId=""), ["an id in every row", "line 2 (empty)"]),
    "odd id": (
        edited(0, PassengerId="7"),
        ["PassengerId: expected group and number as in 0001_01", "line 2 '7'"],
    ),
    "id twice": (
        edited(1, PassengerId="0001_01"),
        ["each id once, found 2 rows otherwise: line 2 '0001_01', line 3"],
    ),
    "odd flag": (edited(0, VIP="maybe"), ["VIP: expected true, false or nothing", "'maybe'"]),
    "odd label": (
        edited(0, Transported="perhaps"),
        ["Transported: expected true or false, found", "line 2 'perhaps'"],
    ),
    "empty label": (edited(0, Transported=""), ["true or false in every row", "line 2 (empty)"]),
    "odd cabin": (edited(0, Cabin="G/12"), ["Cabin: expected deck/number/side", "line 2 'G/12'"]),
}

SAME = {
    "CRLF": GOOD.replace("\n", "\r\n"),
    "byte-order mark": "\ufeff" + GOOD,
    "true and false in lower case": GOOD.replace("True", "true").replace("False", "FALSE"),
    "ones and zeros": GOOD.replace("True", "1").replace("False", "0"),
    "whole numbers": GOOD.replace(".0,", ","),
    "NaN for nothing": GOOD.replace("0003_01,,", "0003_01,NaN,"),
    "unknown column": GOOD.replace("\n", ",x\n"),
    "padded header": GOOD.replace("Cabin,", " Cabin ,"),
}


@pytest.mark.parametrize(("text", "fragments"), FAULTS.values(), ids=FAULTS)
def test_fault_is_named(tmp_path: Path, text: str, fragments: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        check_text(tmp_path, text)
    message = str(caught.value)
    assert [part for part in ["train.csv: ", *fragments] if part not in message] == []


def test_all_faults_come_in_one_message(tmp_path: Path) -> None:
    text = edited(0, Age="old", VIP="maybe", Spa="-1").replace(ROWS[1], ROWS[1][:-4] + "maybe")
    with pytest.raises(DataError) as caught:
        check_text(tmp_path, text.replace("Name", "Nmae"))
    first, *faults, last = str(caught.value).splitlines()
    assert first == "train.csv: 5 faults in 4 rows."
    assert [fault.split(":")[0] for fault in faults] == [
        "  expected 14 columns, missing",
        "  VIP",
        "  Age",
        "  Spa",
        "  Transported",
    ]
    assert last == "Mend or remove what is listed, then run again."


def test_only_the_first_rows_of_a_fault_are_shown() -> None:
    frame = pd.concat([good()] * 9, ignore_index=True).assign(Age=-1.0)
    with pytest.raises(DataError, match=r"found 27 rows otherwise: (row \d -1.0, ){5}…"):
        check(Table(frame, "frame"), TASK, labelled=True)


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_same_content_has_the_same_digest(tmp_path: Path, text: str) -> None:
    expected = check_text(tmp_path, GOOD)
    pd.testing.assert_frame_equal(check_text(tmp_path, text), expected)
    assert digest(check_text(tmp_path, text)) == digest(expected)


def test_order_of_columns_does_not_matter(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(check_text(tmp_path, reordered(GOOD)), good())


def test_result_is_typed(tmp_path: Path) -> None:
    frame = check_text(tmp_path, GOOD)
    assert list(frame.columns) == HEADER
    assert frame.index.equals(pd.RangeIndex(4))
    assert frame[LABEL].dtype == np.bool_
    assert frame.loc[2].isna().sum() == 12
    assert list(frame.loc[3, ["HomePlanet", "Destination", "Name"]]) == [
        "Pluto",
        "Mars, moon",
        'O\'Hara "Zoë"',
    ]


def test_dropped_columns_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        frame = check_text(tmp_path, GOOD.replace("\n", ",x\n"), labelled=False)
    assert list(frame.columns) == list(COLUMNS)
    assert "train.csv: columns dropped, as no rule knows them: 'Transported', 'x'" in caplog.text


def test_good_file_is_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    check_text(tmp_path, GOOD)
    assert caplog.text == ""


def test_groups_must_not_be_shared() -> None:
    groups = TASK.group_names(good())
    check_disjoint(groups.iloc[:2], groups.iloc[2:], TASK)
    with pytest.raises(DataError, match=r"found 2 in both: 0001, 0002; move"):
        check_disjoint(groups, groups.iloc[:2], TASK)


ANY = {"name": "any", "problem": "multiclass", "label": "y", "columns": {"x": "number"}}
RAW = pd.DataFrame({"x": ["1", "2", "3"], " y ": ["b", "10", "9"]})


def test_classes_are_those_of_the_label() -> None:
    data = checked(Tables(Table(RAW, "rows")), Task.read(ANY))
    assert data.task.classes == ("9", "10", "b")
    assert data.test is None


@pytest.mark.parametrize(
    ("frame", "fragment"),
    [
        (RAW[["x"]], "missing: y"),
        (RAW.assign(y="a"), "found more than once: y"),
        (RAW.head(0), "expected at least one row"),
        (RAW.head(1), "two or more values, found 'b'"),
    ],
)
def test_a_label_without_classes_is_refused(frame: pd.DataFrame, fragment: str) -> None:
    with pytest.raises(DataError) as caught:
        checked(Tables(Table(frame, "rows")), Task.read(ANY))
    assert fragment in str(caught.value)


def test_digest_is_the_same_in_another_process(tmp_path: Path) -> None:
    expected = digest(check_text(tmp_path, GOOD))
    code = (
        "import sys; from spaceship.data.checks import check;"
        "from spaceship.data._base import Table; from tests.data.conftest import built_in;"
        "from spaceship.data.csv_reader import read_csv; from spaceship.data.digest import digest;"
        "table = Table(read_csv(sys.argv[1]), '');"
        "print(digest(check(table, built_in(), labelled=True)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "train.csv")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == expected


def test_names_and_values_are_shown_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    task = Task.read(
        {"problem": "regression", "label": "fee", "columns": {"a\nb\x1b[31m": "number"}}
    )
    raw = pd.DataFrame(
        {"a\nb\x1b[31m": ["x"], "fee": ["1"], **{f"z\r{n}": ["1"] for n in range(9)}}
    )
    with pytest.raises(DataError) as caught:
        check(Table(raw, "a.csv"), task, labelled=True)
    assert str(caught.value).splitlines()[1].startswith(r"  a\nb\x1b[31m: expected a number")
    [record] = caplog.records
    assert record.getMessage().endswith(r"'z\r3', 'z\r4', … and 4 more")
