"""Puts this folder's shell and the scripts where tests can import them, and gives projects."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from shell import Project


@pytest.fixture
def project(database: Path, tmp_path: Path) -> Project:
    """Give a project with an empty outputs folder and a database that is set up already."""
    return Project.new(tmp_path / "outputs", database)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that the tests of one module share."""
    return tmp_path_factory.mktemp("shared")
