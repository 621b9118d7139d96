"""Tables cut into parts: whole groups, every row once, whatever the order and the types."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.engine._base import Part
from spaceship.scoring.cut import cut, read_part
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task

TOWNS = {
    "problem": "regression",
    "label": "fee",
    "columns": {"rooms": "number", "plan": "category"},
}

INNS = {"problem": "regression", "label": "fee", "group": "town"}


def blocks(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    return [frame.iloc[at : at + size] for at in range(0, len(frame), size)]


def rows(parts: Sequence[Part]) -> pd.DataFrame:
    """Return the rows of all parts in the order of their positions."""
    whole = pd.concat([read_part(part) for part in parts]).sort_index()
    assert [*whole.index] == [*range(len(whole))]
    return whole


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_each_row_is_in_one_part_and_each_group_too(
    people: Dataset, tmp_path: Path, size: int, *, shuffled: bool
) -> None:
    frame = people.test
    assert frame is not None
    frame = frame.sample(frac=1, random_state=7, ignore_index=True) if shuffled else frame
    parts = cut(blocks(frame, 33), people.task, tmp_path, size)
    assert (len(parts) > 1) == (size < len(frame))
    assert sum(part.rows for part in parts) == len(frame)
    groups = [{*people.task.group_names(read_part(part))} for part in parts]
    assert sum(map(len, groups)) == people.task.group_names(frame).nunique()
    whole = rows(parts)
    pd.testing.assert_frame_equal(whole, frame, check_index_type=False)


def test_a_file_is_cut_once(people: Dataset, tmp_path: Path) -> None:
    assert people.test is not None
    first = cut([people.test], people.task, tmp_path, 50)
    assert cut([], people.task, tmp_path, 50) == first


def test_one_group_is_one_part(tmp_path: Path) -> None:
    task = Task.read({**INNS, "columns": {"rooms": "number", "town": "category"}})
    rows = {"town": ["Ulm"] * 90 + ["Bern"] * 3 + [None] * 9, "rooms": range(102)}
    frame = typed(pd.DataFrame(rows), task.raw)
    parts = cut(blocks(frame, 4), task, tmp_path, 2)
    assert [part.rows for part in parts] == [90, 3, 2, 2, 2, 2, 1]


def test_a_table_of_no_rows_is_one_part(people: Dataset, tmp_path: Path) -> None:
    assert people.test is not None
    [part] = cut([people.test.head(0)], people.task, tmp_path, 30)
    assert part.rows == 0
    assert [*read_part(part)] == [*people.test]


def test_parts_are_small_however_few_files_are_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spaceship.scoring.cut.MOST_FILES", 4)
    task = Task.read({**INNS, "columns": {"rooms": "number", "town": "category"}})
    towns = [str(at % 150) for at in range(300)] + ["one"] * 60
    frame = typed(pd.DataFrame({"town": towns, "rooms": range(360)}), task.raw)
    parts = cut(blocks(frame, 40), task, tmp_path, 6)
    assert {*rows(parts)["town"]} == {*towns}
    assert sum(read_part(part)["town"].nunique() for part in parts) == 151
    *others, largest = sorted(part.rows for part in parts)
    assert largest >= 60
    assert max(others) <= 12
    assert not [*tmp_path.glob("*.cut"), *tmp_path.glob("*.0")]
