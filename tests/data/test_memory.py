"""A table that does not fit into memory is refused before it is read; others are left alone."""

import os
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data.draw import Sample
from spaceship.data.local import LocalData
from spaceship.data.memory import BASE, TableSize, available_memory, check_memory, own_memory
from spaceship.data.sql import SqlData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import DataError
from spaceship.experiment import Experiment
from spaceship.task.task import Task
from tests.commands import Shell
from tests.data.databases import Make
from tests.data.test_draw import SHOPS, make

__all__ = ["make"]  # a fixture
N_ROWS = 150_000


@pytest.fixture(scope="module")
def shops() -> pd.DataFrame:
    sizes = pd.Series(range(N_ROWS)) / 7
    return pd.DataFrame({"size": sizes, "town": range(N_ROWS), "sales": sizes})


@pytest.mark.parametrize("form", ["csv", "csv.gz", "csv.bz2", "parquet"])
def test_a_file_tells_about_how_many_rows_it_has(
    shops: pd.DataFrame, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"train.{form}"
    if form == "parquet":
        shops.to_parquet(path)
    else:
        shops.to_csv(path, index=False)  # packed as the name says
    size = LocalData(train=path).size(SHOPS, small=0)
    assert size is not None
    assert size.rows == pytest.approx(N_ROWS, rel=0.5 if form == "csv.bz2" else 0.1)
    assert size.row_bytes == pytest.approx(24, rel=0.2)


def test_few_rows_tell_how_wide_a_table_is(
    shops: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops.to_parquet(tmp_path / "train.parquet")
    seen: list[int] = []

    def usage(frame: pd.DataFrame, **how: bool) -> pd.Series:
        seen.append(len(frame))
        return known(frame, **how)

    known = pd.DataFrame.memory_usage
    monkeypatch.setattr(pd.DataFrame, "memory_usage", usage)
    size = LocalData(train=tmp_path / "train.parquet").size(SHOPS, small=0)
    assert size is not None
    assert (size.rows, seen) == (N_ROWS, [2000])


def test_other_files_of_an_archive_do_not_count(shops: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "train.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", shops.to_csv(index=False))
        archive.writestr("images.bin", bytes(200_000_000), zipfile.ZIP_DEFLATED)
        archive.writestr("noise.bin", os.urandom(40_000_000))
    size = LocalData(train=path).size(SHOPS, small=0)
    assert size is not None
    assert size.rows == pytest.approx(N_ROWS, rel=0.01)


def test_what_the_process_has_taken_is_part_of_what_it_needs(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, looks = TableSize(1_000_000, 200), list[int]()

    def look(*_: object) -> TableSize:
        looks.append(1)
        return size

    monkeypatch.setattr(type(experiment.source), "size", look)
    for free, fits in (
        (size.needed - min(own_memory(), BASE) + 5e7, True),
        (size.needed / 2, False),
    ):
        monkeypatch.setattr("spaceship.data.memory.available_memory", lambda free=free: free)
        with nullcontext() if fits else pytest.raises(DataError, match="expected at least 1"):
            replace(experiment).data.check_memory()
    assert len(looks) == 1, "the choices of a sweep share it"


def test_a_database_is_asked_how_many_rows_it_has(make: Make) -> None:
    url = make("CREATE TABLE shops (size integer, town integer, sales integer)")
    empty = SqlData(url, "shops").size(SHOPS)
    assert empty is not None
    assert empty.rows == 0
    many = "SELECT 1 AS size, 2 AS town, 3 AS sales UNION ALL SELECT 4, 5, 6"
    source = SqlData(url, many, "shops")
    assert (size := source.size(SHOPS)) is not None
    assert size.rows == 2
    source.sample = Sample(1)
    assert (size := source.size(SHOPS)) is not None
    assert size.rows == 1
    assert SqlData(url, "no such table").size(SHOPS) is None  # `read` says what is wrong


def test_the_advice_is_what_fits(task: Task) -> None:
    source, size = LocalData("."), TableSize(10_000_000, 200)
    with pytest.raises(DataError, match=r"data\.sample=0\.3$"):
        check_memory(size, source.less, 4e9)
    source.sample = Sample(5_000_000)
    with pytest.raises(DataError, match=r"data\.sample=1500000$"):
        check_memory(size, source.less, 4e9)
    with pytest.raises(DataError, match=r"data\.sample=1e-06$"):
        check_memory(size, LocalData(".").less, 0)
    made = SyntheticData(9_000_000, 1, 0.0, 0.3)
    with pytest.raises(DataError, match=r"data\.n_groups=\d+$"):
        check_memory(made.size(task), made.less, 2e9)
    check_memory(size, source.less, 20e9)


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_control_group_counts(tmp_path: Path, version: int) -> None:
    """The outer group has less left than the inner one; cached files can be given back."""
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    root = tmp_path if version == 2 else tmp_path / "memory"
    own = tmp_path / "cgroup"
    own.write_text("0::/outer/inner\n" if version == 2 else "5:memory:/outer/inner\n")
    for folder, limit in ((root / "outer", 9_000_000), (root / "outer" / "inner", 10_000_000)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in zip(names[:2], (limit, 3_000_000), strict=True):
            (folder / name).write_text(f"{value}\n")
        (folder / "memory.stat").write_text(f"anon 1\n{names[2]} 1000000\n")
    assert available_memory(tmp_path, own) == 7_000_000
    (root / "outer" / names[0]).write_text("max\n")
    assert available_memory(tmp_path, own) == 8_000_000
    assert available_memory(tmp_path / "none", tmp_path / "none") > 8_000_000


@pytest.mark.slow
def test_a_command_refuses_a_huge_file_before_the_work(
    shell: Shell, shops: pd.DataFrame, tmp_path: Path
) -> None:
    """The file is as long as no disk: a hole in it costs nothing, and is never read."""
    path = tmp_path / "train.csv"
    shops.to_csv(path, index=False)
    os.truncate(path, 2**40)
    task = "problem: regression\nlabel: sales\ncolumns: {size: number, town: number}\n"
    (tmp_path / "configs" / "task").mkdir(parents=True)
    (tmp_path / "configs" / "task" / "shops.yaml").write_text(task)
    done = shell("mode=train", "task=shops", "data=local", f"data.train={path}")
    assert done.returncode == 2
    assert "expected at least" in done.stderr
    assert "GB; work with fewer rows: data.sample=" in done.stderr
    assert not (tmp_path / "outputs" / "runs").exists()
