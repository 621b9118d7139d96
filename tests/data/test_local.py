"""A folder of Kaggle's files, in whatever state a user has it, gives passengers or a reason."""

import gzip
import shutil
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data.digest import digest
from spaceship.data.local import LocalData
from spaceship.errors import DataError


def test_load(folder: Path) -> None:
    passengers = LocalData(folder).load()
    assert passengers.train["Transported"].tolist() == [False, True, False]
    assert passengers.test["PassengerId"].tolist() == ["0004_01", "0005_01"]
    assert passengers.sample is not None
    assert passengers.sample["PassengerId"].tolist() == ["0004_01", "0005_01"]
    assert passengers.digest == digest(passengers.train, passengers.test)


def test_sample_may_be_absent(folder: Path) -> None:
    before = LocalData(folder).load()
    (folder / "sample_submission.csv").unlink()
    after = LocalData(folder).load()
    assert after.sample is None
    assert after.digest == before.digest


def test_packed_files_hold_the_same_passengers(folder: Path) -> None:
    before = LocalData(folder).load()
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    after = LocalData(folder).load()
    assert after.digest == before.digest
    assert after.sample is not None


def test_relative_and_home_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = LocalData(folder).fingerprint()
    monkeypatch.chdir(folder.parent)
    relative = LocalData(folder.name)
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(folder.parent))
    assert relative.fingerprint() == expected
    assert LocalData(f"~/{folder.name}").fingerprint() == expected


@pytest.mark.parametrize("name", ["train.csv", "test.csv", "sample_submission.csv"])
def test_fingerprint_follows_every_file(folder: Path, name: str) -> None:
    before = LocalData(folder).fingerprint()
    with (folder / name).open("a") as file:
        file.write("\n")
    assert LocalData(folder).fingerprint() != before


def test_fingerprint_stays_when_the_folder_moves(folder: Path) -> None:
    moved = shutil.copytree(folder, folder.parent / "elsewhere")
    assert LocalData(moved).fingerprint() == LocalData(folder).fingerprint()


@pytest.mark.parametrize("use", ["load", "fingerprint"])
@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        (None, "found data.dir not set; give the folder as data.dir=PATH"),
        ("nowhere", "found nothing there"),
        ("train.csv", "found a file there"),
        (".", "train.csv: expected a CSV file, found no such file (the folder holds notes.txt)"),
    ],
)
def test_unusable_folder_is_explained(
    tmp_path: Path, use: str, path: str | None, fragment: str
) -> None:
    (tmp_path / "notes.txt").touch()
    if path == "train.csv":
        (tmp_path / path).touch()
    source = LocalData(None if path is None else tmp_path / path)
    with pytest.raises(DataError) as caught:
        getattr(source, use)()
    assert fragment in str(caught.value)


def test_fault_names_file_and_line(folder: Path) -> None:
    path = folder / "test.csv"
    path.write_text(path.read_text().replace("549.0", "-549"))
    with pytest.raises(
        DataError, match=r"test\.csv: 1 fault in 2 rows(.|\n)*line 2 '-549', line 3"
    ):
        LocalData(folder).load()


def test_shared_group_is_refused(folder: Path) -> None:
    path = folder / "test.csv"
    path.write_text(path.read_text().replace("0004_01", "0001_02"))
    with pytest.raises(DataError, match="found 1 in both: 0001"):
        LocalData(folder).load()


def test_sample_of_other_passengers_is_refused(folder: Path) -> None:
    path = folder / "sample_submission.csv"
    path.write_text(path.read_text().replace("0004_01", "0006_01"))
    with pytest.raises(DataError, match=r"sample_submission\.csv: .*0006_01 for 0004_01"):
        LocalData(folder).load()


def test_real_passengers(real_data: Path) -> None:
    passengers = LocalData(real_data).load()
    raw = pd.read_csv(real_data / "train.csv")
    assert len(passengers.train) == len(raw)
    assert passengers.train["Spa"].sum() == raw["Spa"].sum()
    assert passengers.train.isna().sum().tolist() == raw.isna().sum().tolist()
    assert passengers.sample is not None


def test_real_passengers_in_other_clothes(real_data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(real_data / "train.csv", dtype=str)
    reordered = raw[raw.columns[::-1]].to_csv(index=False, lineterminator="\r\n", quoting=1)
    (tmp_path / "train.csv").write_bytes(gzip.compress(b"\xef\xbb\xbf" + reordered.encode(), 1))
    shutil.copy(real_data / "test.csv", tmp_path / "test.csv")
    assert LocalData(tmp_path).load().digest == LocalData(real_data).load().digest
