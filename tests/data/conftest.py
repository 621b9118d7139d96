"""A folder with Kaggle's three files, for a handful of passengers."""

from pathlib import Path

import pytest
import yaml

from spaceship.config.installation import configs
from spaceship.data._base import Dataset, DataSource
from spaceship.data.checks import checked
from spaceship.task.task import Task

HEADER = (
    "PassengerId,HomePlanet,CryoSleep,Cabin,Destination,Age,VIP,"
    "RoomService,FoodCourt,ShoppingMall,Spa,VRDeck,Name"
)
CELLS = "Earth,False,F/0/S,TRAPPIST-1e,24.0,False,109.0,9.0,25.0,549.0,,Juanna Vines"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    train = [f"000{group}_01,{CELLS},{group % 2 == 0}" for group in (1, 2, 3)]
    test = [f"000{group}_01,{CELLS}" for group in (4, 5)]
    sample = [f"000{group}_01,False" for group in (4, 5)]
    folder = tmp_path / "passengers"
    folder.mkdir()
    write(folder / "train.csv", f"{HEADER},Transported", train)
    write(folder / "test.csv", HEADER, test)
    write(folder / "sample_submission.csv", "PassengerId,Transported", sample)
    return folder


def write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def load(source: DataSource, task: Task) -> Dataset:
    """Return the checked data set of a source, without the cache."""
    return checked(source.read(task), task)


def built_in() -> Task:
    """Return the built-in task, as the fixture `task` gives it."""
    return Task.read(yaml.safe_load((configs() / "task" / "spaceship_titanic.yaml").read_text()))
