"""Fixtures every test may use: the real passengers where they exist."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder with Kaggle's files, or skip the test where there is none."""
    folder = Path(os.environ.get("SPACESHIP_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not (folder / "train.csv").is_file():
        pytest.skip(f"no real passengers in {folder}; set SPACESHIP_DATA_DIR to Kaggle's folder")
    return folder
