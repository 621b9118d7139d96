"""Files under nearly the right name are read, or the command that makes them is in the message."""

import gzip
import logging
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from spaceship.data.local import LocalData
from spaceship.errors import DataError
from spaceship.task.task import Task
from tests.data.conftest import load


@pytest.mark.parametrize(
    "name", ["Train.csv", "TRAIN.CSV", "train.tsv", "train.csv.bz2", "tr-ain .csv", "train.TXT"]
)
def test_the_only_file_of_nearly_the_name_is_read(
    task: Task, folder: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = load(LocalData(folder), task).digest
    (folder / "train.csv").rename(folder / name)
    with caplog.at_level(logging.INFO):
        assert load(LocalData(folder), task).digest == before
    assert ("read as train.csv" in caplog.text) == (name != "train.csv.bz2")


def test_parquet_under_the_name_of_a_csv_file_is_found(task: Task, folder: Path) -> None:
    before = load(LocalData(folder), task)
    assert before.test is not None
    before.test.to_parquet(folder / "test.parquet")
    (folder / "test.csv").unlink()
    assert load(LocalData(folder), task).digest == before.digest


def test_several_files_of_nearly_the_name_are_named(task: Task, folder: Path) -> None:
    for name in ("Train.csv", "train.tsv"):
        (folder / name).write_bytes((folder / "train.csv").read_bytes())
    (folder / "train.csv").unlink()
    with pytest.raises(DataError, match=r"Train\.csv and train\.tsv.*data\.train=") as caught:
        LocalData(folder).read(task)
    assert "data.test=FILE" in str(caught.value)


@pytest.mark.skipif(shutil.which("unzip") is None, reason="it is the command in the message")
def test_the_command_in_the_message_works_as_typed(task: Task, folder: Path) -> None:
    before = load(LocalData(folder), task).digest
    files = [folder / "train.csv", folder / "test.csv"]
    with zipfile.ZipFile(folder / "my data.zip", "w") as archive:
        archive.write(files[0], "train.csv")
    files[0].unlink()
    files[1].rename(folder / "tets.csv")
    with pytest.raises(DataError) as caught:
        LocalData(folder).fingerprint(task)
    first, second = str(caught.value).splitlines()  # faults of both files at once
    for message in (first, second):
        command = message.rpartition("run: ")[2]
        subprocess.run(command, shell=True, check=True, cwd="/")  # noqa: S602 - as a person types
    assert load(LocalData(folder), task).digest == before


def test_a_pointer_to_data_elsewhere_names_the_command(task: Task, folder: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    for name in ("train.csv", "test.csv"):
        (folder / name).write_bytes(pointer)
    with pytest.raises(DataError) as caught:
        LocalData(folder).read(task)
    assert str(caught.value).count(f"a pointer of Git LFS; run: git -C {folder} lfs pull") == 2
    (folder / "train.csv").unlink()
    (folder / "train.csv.dvc").write_text("outs:\n- md5: 0\n")
    with pytest.raises(DataError, match=r"run: dvc pull .*train\.csv\.dvc"):
        LocalData(folder).fingerprint(task)


def test_a_form_given_goes_for_every_file(task: Task, folder: Path) -> None:
    before = load(LocalData(folder), task).digest
    for name in ("train.csv", "test.csv"):
        text = (folder / name).read_text().replace(",", ";")
        (folder / name).write_bytes(gzip.compress(text.encode()))
    semicolons = LocalData(folder, separator="semicolon")
    assert load(semicolons, task).digest == before
    assert semicolons.fingerprint(task) != LocalData(folder).fingerprint(task)
