"""One store with runs of customers, which the tests of comparisons share."""

import shutil
from pathlib import Path

import pytest

from tests.comparison.runs import Runs


@pytest.fixture(scope="session")
def runs(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Give the maker of runs, in a folder of its own."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "outputs").mkdir()
    shutil.copy(database, folder / "outputs" / "mlflow.db")
    return Runs(folder)


@pytest.fixture(scope="session")
def first(runs: Runs) -> str:
    """Give the id of the first run, which becomes champion."""
    return runs.train("gate=predecessor", "gate.floor.minimum=0.5")
