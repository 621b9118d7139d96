"""Predictions of parts joined into one file: the order of the input, whole or not at all."""

import resource
from pathlib import Path

import pandas as pd
import pytest

from spaceship.errors import SubmissionError
from spaceship.scoring.joined import join, write_predictions


def written(folder: Path, *parts: list[int]) -> list[Path]:
    """Write the predictions of rows at these positions, and return the files."""
    files = [folder / f"{at}.arrow" for at in range(len(parts))]
    for file, positions in zip(files, parts, strict=True):
        ids = [f"00{at}_01" for at in positions]
        table = pd.DataFrame({"id": ids, "left": [at % 2 == 0 for at in positions]})
        write_predictions(table.set_axis(positions), file)
    return files


@pytest.mark.parametrize("parts", [([0, 1, 2, 3],), ([0, 1], [2, 3]), ([1, 3], [0], [2])])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_file_is_the_same_whatever_the_parts(
    tmp_path: Path, parts: tuple[list[int], ...], ending: str
) -> None:
    path = tmp_path / "new" / f"all.{ending}"
    assert join(written(tmp_path, *parts), path) == ["id", "left"]
    assert [*path.parent.iterdir()] == [path]
    if ending == "csv":
        rows = b"000_01,True\n001_01,False\n002_01,True\n003_01,False\n"
        assert path.read_bytes() == b"id,left\n" + rows
    table = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert table["id"].tolist() == ["000_01", "001_01", "002_01", "003_01"]
    assert table["left"].tolist() == [True, False, True, False]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_no_rows_have_a_header(tmp_path: Path, ending: str) -> None:
    join(written(tmp_path, []), tmp_path / f"all.{ending}")
    path = tmp_path / f"all.{ending}"
    table = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert [*table] == ["id", "left"]


@pytest.mark.parametrize("where", ["file/all.csv", "folder"])
def test_what_is_in_the_place_is_left_alone(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    files = written(tmp_path, [0])
    with pytest.raises(SubmissionError, match=r"File exists|Is a directory"):
        join(files, tmp_path / where)
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.arrow", "file", "folder"]


@pytest.mark.parametrize("step", [1, 300])
def test_more_parts_than_files_can_be_open(tmp_path: Path, step: int) -> None:
    parts = [[*range(at, at + 2 * step, step)] for at in range(300)]
    if step == 1:
        parts = [[2 * at, 2 * at + 1] for at in range(300)]
    files, (soft, hard) = written(tmp_path, *parts), resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len([*Path("/proc/self/fd").iterdir()])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, open_now + 100), hard))
    try:
        join(files, tmp_path / "all.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    ids = pd.read_csv(tmp_path / "all.csv")["id"].tolist()
    assert ids == [f"00{at}_01" for at in range(600)]
