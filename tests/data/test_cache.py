"""Checked data is parsed once, and a stored copy is believed only if it is as it was written."""

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from spaceship.data._base import Dataset, DataSource, Table, Tables
from spaceship.data.cache import filling, load_dataset
from spaceship.data.synthetic import SyntheticData
from spaceship.task.task import Task
from tests.data.conftest import load
from tests.forks import Fork

LOADS = """
import sys
from pathlib import Path
from spaceship.data.cache import load_dataset
from spaceship.data.synthetic import SyntheticData
from spaceship.task.task import Task
from tests.data.conftest import load
from tests.data.conftest import built_in
people, folder = load_dataset(SyntheticData(2000, 1, 0.0, 0.33), built_in(), Path(sys.argv[1]))
print(people.digest, folder)
"""


class Counted(DataSource):
    """Passengers at hand, and how often they were asked for."""

    name: ClassVar[str] = "counted"

    def __init__(self, people: Dataset, key: str = "a" * 64) -> None:
        self.people, self.key, self.loads = people, key, 0

    def fingerprint(self, _: Task) -> str:
        return self.key

    def read(self, _: Task) -> Tables:
        self.loads += 1
        frames = {name: getattr(self.people, name) for name in ("train", "test", "sample")}
        return Tables(**{name: Table(one, name) for name, one in frames.items() if one is not None})


@pytest.fixture(scope="module")
def few(task: Task) -> Dataset:
    return load(SyntheticData(n_groups=30, seed=1, drift=0.0, test_fraction=0.33), task)


def assert_same(found: Dataset, expected: Dataset) -> None:
    assert found.digest == expected.digest
    assert_frame_equal(found.train, expected.train)
    assert found.task == expected.task
    for ours, theirs in ((found.test, expected.test), (found.sample, expected.sample)):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert_frame_equal(ours, theirs)


@pytest.mark.parametrize("with_sample", [True, False])
def test_the_second_time_nothing_is_loaded(
    task: Task, few: Dataset, tmp_path: Path, *, with_sample: bool
) -> None:
    people = few if with_sample else replace(few, sample=None)
    source = Counted(people)
    first, folder = load_dataset(source, task, tmp_path)
    second, again = load_dataset(source, task, tmp_path)
    assert source.loads == 1
    assert folder == again
    assert folder.parent == tmp_path / "data" / "spaceship_titanic" / "counted"
    assert_same(first, people)
    assert_same(second, people)


def test_other_content_is_loaded_afresh_and_both_are_kept(
    task: Task, few: Dataset, tmp_path: Path
) -> None:
    sources = Counted(few), Counted(few, "b" * 64)
    folders = {load_dataset(source, task, tmp_path)[1] for source in sources}
    assert len(folders) == 2
    for source in sources:
        load_dataset(source, task, tmp_path)
    assert [source.loads for source in sources] == [1, 1]


def _other_values(path: Path) -> None:
    frame = pd.read_parquet(path / "train.parquet")
    frame.loc[0, "Age"] = 99.0
    frame.to_parquet(path / "train.parquet")


SPOILERS: dict[str, Callable[[Path], object]] = {
    "other values": _other_values,
    "cut": lambda path: (path / "train.parquet").write_bytes(
        (path / "train.parquet").read_bytes()[:-100]
    ),
    "not parquet": lambda path: (path / "test.parquet").write_text("no"),
    "file gone": lambda path: (path / "test.parquet").unlink(),
    "sample gone": lambda path: (path / "sample.parquet").unlink(),
    "no meta": lambda path: (path / "meta.json").unlink(),
    "meta cut": lambda path: (path / "meta.json").write_text('{"digest'),
    "meta empty": lambda path: (path / "meta.json").write_text("{}"),
}


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_copy_that_is_not_as_it_was_written_is_replaced(
    task: Task, few: Dataset, tmp_path: Path, spoil: str
) -> None:
    source = Counted(few)
    _, folder = load_dataset(source, task, tmp_path)
    SPOILERS[spoil](folder)
    found, _ = load_dataset(source, task, tmp_path)
    assert source.loads == 2
    assert_same(found, few)
    assert_same(load_dataset(source, task, tmp_path)[0], few)
    assert source.loads == 2, "the new copy is whole"


def test_another_meaning_of_the_columns_is_loaded_afresh(
    task: Task, few: Dataset, tmp_path: Path
) -> None:
    source = Counted(few)
    age = task.columns["Age"].model_copy(update={"max": 130.0})
    wider = task.model_copy(update={"columns": {**task.columns, "Age": age}})
    folders = {load_dataset(source, one, tmp_path)[1] for one in (task, wider, task)}
    assert len(folders) == source.loads == 2


def test_without_test_part_and_with_classes_of_the_data(tmp_path: Path) -> None:
    node = {"name": "any", "problem": "multiclass", "label": "y", "columns": {"x": "number"}}
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["b", "10", "9"]})
    source = Counted(Dataset(Task.read(node), rows, None, None, ""))
    first, second = (load_dataset(source, Task.read(node), tmp_path)[0] for _ in range(2))
    assert source.loads == 1
    assert_same(first, second)
    assert second.task.classes == ("9", "10", "b")


def test_what_a_killed_run_left_does_not_matter(task: Task, few: Dataset, tmp_path: Path) -> None:
    left = tmp_path / "data" / "spaceship_titanic" / "counted" / ".unfinished-abc"
    left.mkdir(parents=True)
    (left / "train.parquet").write_text("half")
    source = Counted(few)
    for _ in range(2):
        assert_same(load_dataset(source, task, tmp_path)[0], few)
    assert source.loads == 1


@pytest.mark.parametrize("fault", [OSError, SystemExit, KeyboardInterrupt])
def test_what_is_interrupted_leaves_nothing(fault: type[BaseException], tmp_path: Path) -> None:
    def fill() -> None:
        with filling(tmp_path / "data" / "key") as folder:
            (folder / "train.parquet").write_bytes(b"half")
            raise fault

    with pytest.raises(fault):
        fill()
    assert list((tmp_path / "data").iterdir()) == []


def test_what_cannot_be_finished_goes(
    task: Task, few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: pd.DataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="No space"):
        load_dataset(Counted(few), task, tmp_path)
    assert list((tmp_path / "data" / "spaceship_titanic" / "counted").iterdir()) == []


@pytest.mark.slow
def test_two_processes_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADS, str(tmp_path)]
    both = [Fork(command) for _ in range(2)]
    answers = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    folder = tmp_path / "data" / "spaceship_titanic" / "synthetic"
    assert len(list(folder.iterdir())) == 1, "nothing unfinished is left"


def test_the_first_of_two_folders_stays(tmp_path: Path) -> None:
    with filling(tmp_path / "final") as second:
        with filling(tmp_path / "final") as first:
            (first / "who").write_text("first")
        (second / "who").write_text("second")
    assert (tmp_path / "final" / "who").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_folder_that_cannot_be_put_in_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="final"), filling(tmp_path / "final"):
        (tmp_path / "final").write_text("a file")
    assert [path.name for path in tmp_path.iterdir()] == ["final"]
