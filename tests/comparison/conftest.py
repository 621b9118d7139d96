"""One store with runs of customers, which the tests of comparisons share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.comparison.runs import Runs


@pytest.fixture(scope="session")
def runs(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Give the maker of runs, in a folder of its own."""
    folder, before = tmp_path_factory.mktemp("compared"), Path.cwd()
    (folder / "outputs").mkdir()
    shutil.copy(database, folder / "outputs" / "mlflow.db")
    os.chdir(folder)
    yield Runs(folder)
    os.chdir(before)


@pytest.fixture(scope="session")
def first(runs: Runs) -> str:
    """Give the id of the first run, which becomes champion."""
    return runs.train("gate=predecessor", "gate.floor.minimum=0.5")
