"""A file in parts holds the rows, and gives the messages, of the same file read whole."""

import gzip
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest

from spaceship.data import csv_form, csv_reader, parts
from spaceship.data._base import Dataset, Table
from spaceship.data.checks import check
from spaceship.data.parts import read_parts
from spaceship.data.table_reader import read_table, table_parts
from spaceship.errors import DataError
from spaceship.task.task import Task

SHOPS = Task.read(
    {
        "problem": "regression",
        "label": "sales",
        "id": "shop",
        "group": {"of": "shop", "pattern": "([0-9]+)_.*"},
        "columns": {
            "m2": {"type": "number", "min": 0},
            "open": "boolean",
            "town": {"type": "category", "levels": ["Ulm", "Bern"]},
        },
    }
)
GOOD = "shop,m2,open,town\n" + "".join(
    f"{at}_1,{at / 8},{'no' if at % 3 else 'YES'},{'Ulm' if at % 2 else ''}\n" for at in range(40)
)
LAST = "39_1,4.875,YES,Ulm\n"
FAULTS = {
    "a text": ("8_1,1.0", "8_1,x"),
    "several": ("2_1,0.25,no", "2_1,-0.25,perhaps"),
    "an id twice, far apart": (LAST, "3_1,4.875,YES,Ulm\n"),
    "many ids twice": (LAST, LAST + GOOD.partition("\n")[2]),
    "no id": ("8_1,1.0", ",1.0"),
    "a town": (LAST, LAST.replace("Ulm", "Paris")),
    "the header again": (LAST, LAST + GOOD),
    "no pattern": ("_1", "-1"),
    "a column": ("open", "opened"),
    "a row cut off": (LAST, "39_1,4.8"),
    "long rows": ("no,", "no,,"),
    "an open quote": ("8_1,1.0", '8_1,"1.0'),
    "text after a quote": ("8_1,1.0", '8_1,"1"0'),
    "a NUL": (LAST, LAST.replace("Ulm", "U\0m")),
    "no UTF-8": (LAST, LAST.replace("Ulm", "\udcff")),
    "decimal commas": ("8_1,1.0", '8_1,"1,250"'),
}
SAME = {
    "as it is": GOOD,
    "semicolons": GOOD.replace(",", ";"),
    "decimal commas": GOOD.replace(",", ";").replace(".", ","),
    "line breaks in quotes": GOOD.replace("Ulm\n", '"Ulm"\r\n\r\n'),
    "blanks": GOOD.replace("_1,", "_1 , "),
    "numbers of blanks": GOOD.replace("8_1,1.0", "8_1,  "),
}


@pytest.fixture(autouse=True)
def _small_blocks() -> Iterator[None]:
    with patch.object(csv_form, "BLOCK", 300):
        yield


def written(folder: Path, text: str) -> Path:
    path = folder / "shops.csv"
    path.write_text(text, "utf-8", "surrogateescape", "")
    return path


def whole(path: Path) -> pd.DataFrame:
    with patch.object(csv_form, "BLOCK", 1 << 20):
        return check(Table(read_table(path), str(path)), SHOPS, labelled=False)


@pytest.mark.parametrize(("old", "new"), FAULTS.values(), ids=FAULTS)
def test_the_message_of_a_fault_is_that_of_the_whole_file(
    tmp_path: Path, old: str, new: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DataError) as wanted:
        whole(path)
    with pytest.raises(DataError) as found:
        next(read_parts(path, SHOPS, rows=7))
    assert str(found.value) == str(wanted.value)


@pytest.mark.parametrize("rows", [1, 7, 40, 1000])
@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_the_rows_are_those_of_the_whole_file(tmp_path: Path, text: str, rows: int) -> None:
    path = written(tmp_path, text)
    parts = [*read_parts(path, SHOPS, rows=rows)]
    pd.testing.assert_frame_equal(pd.concat(parts), whole(path))
    assert {len(one) for one in parts[:-1]} <= {rows}


@pytest.mark.parametrize("size", [1, 33, 50, 1000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_parquet_in_parts(
    tmp_path: Path, people: Dataset, task: Task, pack: Callable[[bytes], bytes], size: int
) -> None:
    path = tmp_path / "new.parquet"
    assert people.test is not None
    people.test.to_parquet(path, row_group_size=size)
    path.write_bytes(pack(path.read_bytes()))
    assert max(map(len, table_parts(path, rows=33))) == 33
    with patch.object(parts, "table_parts", partial(table_parts, rows=33)):
        pd.testing.assert_frame_equal(pd.concat(read_parts(path, task, rows=30)), people.test)


def test_a_file_without_rows_has_one_empty_part(tmp_path: Path) -> None:
    [part] = read_parts(written(tmp_path, "shop,m2,open,town\n"), SHOPS)
    assert part.empty
    assert [*part.columns] == ["shop", "m2", "open", "town"]


def test_a_quote_that_never_closes_is_not_read_again_with_every_block() -> None:
    data = b'a,b\n1,"x\n' + b"1,2\n" * 2500
    with (
        patch.object(csv_form, "BLOCK", 100),
        patch.object(csv_reader, "check_text") as checked,
        pytest.raises(DataError, match=r"opens in line 2 and never closes"),
    ):
        csv_reader.csv_rows(Path("a.csv"), data)
    assert sum(len(call.args[1]) for call in checked.call_args_list) < 3 * len(data)
