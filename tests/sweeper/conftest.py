"""Puts this folder's shell and the scripts where tests can import them, and gives projects."""

from pathlib import Path

import optuna
import pytest

from hydra_plugins.spaceship_optuna import _study
from hydra_plugins.spaceship_optuna._storage import open_storage
from tests.sweeper.shell import Project


@pytest.fixture
def project(database: Path, tmp_path: Path) -> Project:
    """Give a project with an empty outputs folder and a database that is set up already."""
    return Project.new(tmp_path / "outputs", database)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that the tests of one module share."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Give the path of a journal file that is not there yet."""
    return tmp_path / "s.journal"


@pytest.fixture
def study(journal: Path) -> optuna.Study:
    """Give a new study in a journal file."""
    study, created = _study.open_study(
        open_storage(str(journal)), "s", ["minimize"], must_exist=False
    )
    assert created
    return study
