"""Whole commands on files of other tools: what a message says to type works as it is typed."""

import shlex
from pathlib import Path

import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.task.task import Task
from tests.commands import QUICK_MODEL, Shell


@pytest.fixture
def folder(people: Dataset, tmp_path: Path) -> Path:
    """Give a folder of synthetic passengers."""
    assert people.test is not None
    folder = tmp_path / "data"
    folder.mkdir()
    people.train.to_csv(folder / "train.csv", index=False)
    people.test.to_csv(folder / "test.csv", index=False)
    return folder


PP = ("mode=pp", "features=raw", "data=local")


def test_a_doubtful_decimal_sign_is_settled_by_the_words_of_the_message(
    shell: Shell, folder: Path
) -> None:
    path = folder / "train.csv"
    frame = pd.read_csv(path, dtype=str)
    frame["Spa"] = "1,250"
    frame.to_csv(path, sep=";", index=False)
    refused = shell(*PP, f"data.train={path}")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    [setting] = shlex.split(refused.stderr.rpartition("add: ")[2])
    frame["Spa"] = "1,250"
    frame = frame.map(lambda one: one.replace(".0", ",0") if isinstance(one, str) else one)
    frame.to_csv(path, sep=";", index=False)
    done = shell(*PP, f"data.train={path}", setting)
    assert done.returncode == 0, done.stderr


def test_an_encoding_is_settled_by_the_words_of_the_message(shell: Shell, folder: Path) -> None:
    path = folder / "train.csv"
    path.write_bytes(path.read_text().replace("False", "Não").encode("cp1252"))
    refused = shell(*PP, f"data.train={path}")
    assert refused.returncode == 2
    [setting] = [one for one in refused.stderr.split() if one.startswith("data.encoding=")]
    assert shell(*PP, f"data.train={path}", setting).returncode == 0


def test_leaks_are_warned_of_or_refused(
    shell: Shell, folder: Path, people: Dataset, task: Task
) -> None:
    again = people.train.assign(**{task.id_name: "9" + people.train[task.id_name]})
    pd.concat([people.train, again]).to_csv(folder / "train.csv", index=False)
    warned = shell(*PP, f"data.dir={folder}")
    assert warned.returncode == 0
    assert warned.stdout.count("Possible leak: 355 passengers with copies") == 1
    refused = shell(*PP, f"data.dir={folder}", "data.on_leak=fail")
    assert refused.returncode == 2
    assert "0004_01 = 90004_01" in refused.stderr
    assert "data.on_leak=warn" in refused.stderr


def test_categories_never_seen_are_warned_of_above_the_table(shell: Shell, folder: Path) -> None:
    place = ("data=local", f"data.dir={folder}")
    forced = ("gate.force=true", "reason=first", "split.n_folds=2")
    trained = shell("mode=train", QUICK_MODEL, *forced, *place)
    assert trained.returncode == 0, trained.stderr
    frame = pd.read_csv(folder / "test.csv", dtype=str)
    frame.assign(HomePlanet=frame["HomePlanet"].str.upper()).to_csv(folder / "test.csv")
    done = shell("mode=inference", "hydra.verbose=[spaceship]", *place)
    assert done.returncode == 0, done.stderr
    warned = done.stdout.index("HomePlanet: ")
    assert "is 'EARTH' 'Earth'?" in done.stdout[warned:]
    assert warned < done.stdout.index("unseen categories")
