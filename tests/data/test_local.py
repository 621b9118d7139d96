"""A folder of Kaggle's files, in whatever state a user has it, gives passengers or a reason."""

import gzip
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data.digest import digest
from spaceship.data.local import LocalData
from spaceship.errors import ConfigError, DataError
from spaceship.task.task import Task
from tests.data.conftest import load


def test_load(task: Task, folder: Path) -> None:
    passengers = load(LocalData(folder), task)
    assert passengers.train["Transported"].tolist() == [False, True, False]
    assert passengers.test is not None
    assert passengers.test["PassengerId"].tolist() == ["0004_01", "0005_01"]
    assert passengers.sample is not None
    assert passengers.sample["PassengerId"].tolist() == ["0004_01", "0005_01"]
    assert passengers.digest == digest(passengers.train, passengers.test)


def test_sample_may_be_absent(task: Task, folder: Path) -> None:
    before = load(LocalData(folder), task)
    (folder / "sample_submission.csv").unlink()
    after = load(LocalData(folder), task)
    assert after.sample is None
    assert after.digest == before.digest


def test_packed_files_hold_the_same_passengers(task: Task, folder: Path) -> None:
    before = load(LocalData(folder), task)
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    after = load(LocalData(folder), task)
    assert after.digest == before.digest
    assert after.sample is not None


def test_relative_and_home_folders(
    task: Task, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = LocalData(folder).fingerprint(task)
    monkeypatch.chdir(folder.parent)
    relative = LocalData(folder.name)
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(folder.parent))
    assert relative.fingerprint(task) == expected
    assert LocalData(f"~/{folder.name}").fingerprint(task) == expected


@pytest.mark.parametrize("name", ["train.csv", "test.csv", "sample_submission.csv"])
def test_fingerprint_follows_every_file(task: Task, folder: Path, name: str) -> None:
    before = LocalData(folder).fingerprint(task)
    with (folder / name).open("a") as file:
        file.write("\n")
    after = LocalData(folder).fingerprint(task)
    (changed,) = [part for part in before if after[part] != before[part]]
    assert name.startswith(changed)


def test_fingerprint_stays_when_the_folder_moves(task: Task, folder: Path) -> None:
    moved = shutil.copytree(folder, folder.parent / "elsewhere")
    assert LocalData(moved).fingerprint(task) == LocalData(folder).fingerprint(task)


@pytest.mark.parametrize("use", ["read", "fingerprint"])
@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        (None, "found data.dir not set; give the folder as data.dir=PATH"),
        ("nowhere", "found nothing there"),
        ("train.csv", "found a file there"),
        (
            ".",
            "train.csv: expected a CSV file, found no such file (the folder holds no CSV",
        ),
    ],
)
def test_unusable_folder_is_explained(
    task: Task, tmp_path: Path, use: str, path: str | None, fragment: str
) -> None:
    (tmp_path / "notes.txt").touch()
    if path == "train.csv":
        (tmp_path / path).touch()
    source = LocalData(None if path is None else tmp_path / path)
    with pytest.raises(DataError) as caught:
        getattr(source, use)(task)
    assert fragment in str(caught.value)


def test_fault_names_file_and_line(task: Task, folder: Path) -> None:
    path = folder / "test.csv"
    path.write_text(path.read_text().replace("549.0", "-549"))
    with pytest.raises(
        DataError, match=r"test\.csv: 1 fault in 2 rows(.|\n)*line 2 '-549', line 3"
    ):
        load(LocalData(folder), task)


def test_shared_group_is_refused(task: Task, folder: Path) -> None:
    path = folder / "test.csv"
    path.write_text(path.read_text().replace("0004_01", "0001_02"))
    with pytest.raises(DataError, match="found 1 in both: 0001"):
        load(LocalData(folder), task)


def test_sample_of_other_passengers_is_refused(task: Task, folder: Path) -> None:
    path = folder / "sample_submission.csv"
    path.write_text(path.read_text().replace("0004_01", "0006_01"))
    with pytest.raises(DataError, match=r"sample_submission\.csv: .*0006_01 for 0004_01"):
        load(LocalData(folder), task)


def test_real_passengers(task: Task, real_data: Path) -> None:
    passengers = load(LocalData(real_data), task)
    raw = pd.read_csv(real_data / "train.csv")
    assert len(passengers.train) == len(raw)
    assert passengers.train["Spa"].sum() == raw["Spa"].sum()
    assert passengers.train.isna().sum().tolist() == raw.isna().sum().tolist()
    assert passengers.sample is not None


def test_real_passengers_in_other_clothes(task: Task, real_data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(real_data / "train.csv", dtype=str)
    reordered = raw[raw.columns[::-1]].to_csv(index=False, lineterminator="\r\n", quoting=1)
    (tmp_path / "train.csv").write_bytes(gzip.compress(b"\xef\xbb\xbf" + reordered.encode(), 1))
    shutil.copy(real_data / "test.csv", tmp_path / "test.csv")
    assert load(LocalData(tmp_path), task).digest == load(LocalData(real_data), task).digest


def one_file(**changes: object) -> Task:
    """Return a task on a column `x` whose files have no test part, changed."""
    node: dict[str, object] = {"name": "any", "problem": "binary", "label": "y", "positive": "yes"}
    node |= {"columns": {"x": "number"}, "files": {"test": None, "sample": None}}
    return Task.read(node | changes)


ROWS = "x,y\n1,yes\n2,no\n"


def test_one_labelled_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(ROWS)
    data = load(LocalData(tmp_path), one_file())
    assert data.test is None
    assert data.train["y"].tolist() == [True, False]
    (tmp_path / "mine.csv").write_text(ROWS)
    assert load(LocalData(train=tmp_path / "mine.csv"), one_file(files={})).test is None


def test_a_test_file_that_the_task_names_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(ROWS)
    with pytest.raises(DataError, match=r"test\.csv: expected a CSV file, found no such file"):
        LocalData(tmp_path).read(one_file(files={}))


def test_files_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x;y\n1,5;yes\n2;no\n")
    pd.DataFrame({"x": [1, None], "z": [b"1", None]}).to_parquet(tmp_path / "b.bin")
    source = LocalData(train=tmp_path / "a.txt", test=tmp_path / "b.bin")
    data = load(source, one_file(decimal=","))
    assert data.train["x"].tolist() == [1.5, 2.0]
    assert data.test is not None
    assert data.test["x"].isna().tolist() == [False, True]


def test_a_test_file_alone_can_be_predicted_and_not_learnt_from(tmp_path: Path) -> None:
    source = LocalData(tmp_path, test=tmp_path / "test.csv")
    assert source.test_file(one_file()) == tmp_path / "test.csv"
    with pytest.raises(ConfigError, match=r"expected data\.train=FILE beside data\.test"):
        source.check(one_file())


@pytest.mark.parametrize("ending", ["", ".gz", ".zip"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_content_counts_and_not_the_name(tmp_path: Path, kind: str, ending: str) -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": ["yes", "no"]})
    data = ROWS.encode() if kind == "csv" else frame.to_parquet()
    packed = {"": data, ".gz": gzip.compress(data)}
    if ending == ".zip":
        with zipfile.ZipFile(tmp_path / "train.csv.zip", "w") as archive:
            archive.writestr("train.csv", data)
            archive.writestr("notes.txt", "mine")
    else:
        (tmp_path / f"train.csv{ending}").write_bytes(packed[ending])
    assert load(LocalData(tmp_path), one_file()).train["x"].tolist() == [1.0, 2.0]
    (tmp_path / "odd").write_bytes(next(tmp_path.iterdir()).read_bytes())
    if ending != ".zip":
        assert len(load(LocalData(train=tmp_path / "odd"), one_file()).train) == 2


def test_damaged_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"a\.parquet: expected a whole Parquet file, found"):
        LocalData(train=tmp_path / "a.parquet").read(one_file())
    (tmp_path / "b.parquet").write_text(ROWS)
    with pytest.raises(DataError, match=r"b\.parquet: expected a whole Parquet file"):
        LocalData(train=tmp_path / "b.parquet").read(one_file())


NASTY = [
    "first name",
    "a.b",
    "[c]",
    'say "hi"',
    "it's",
    "🚀",
    "select",
    "class",
    "x,y",
    "a\nb",
    "0",
]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_odd_names_of_columns(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame({f" {name} ": [1.5, 2.5] for name in NASTY}).assign(y=["yes", "no"])
    path = tmp_path / f"rows.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    data = load(LocalData(train=path), one_file(columns=dict.fromkeys(NASTY, "number")))
    assert [*data.train] == [*NASTY, "y"]
    assert data.train["🚀"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_names_that_are_the_same_once_stripped(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame({"x": [1, 2], " x": [1, 2], "y": ["yes", "no"]})
    path = tmp_path / f"rows.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    with pytest.raises(DataError, match="found more than once: x"):
        load(LocalData(train=path), one_file())
