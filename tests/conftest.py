"""Fixtures every test may use: passengers, an MLflow store that is quick to get, no stray state."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from spaceship.data._base import Passengers
from spaceship.data.synthetic import SyntheticData
from spaceship.evaluation.report import Report
from spaceship.registry.registry import Registry
from spaceship.tracking.store import Store, validated

sys.path.insert(0, str(Path(__file__).resolve().parent))

from commands import ROOT, Keep, Shell
from forks import Fork
from reports import MakeReport, make_report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder with Kaggle's files, or skip the test where there is none."""
    folder = Path(os.environ.get("SPACESHIP_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not (folder / "train.csv").is_file():
        pytest.skip(f"no real passengers in {folder}; set SPACESHIP_DATA_DIR to Kaggle's folder")
    return folder


@pytest.fixture(scope="session")
def people() -> Passengers:
    """Give about 560 synthetic passengers, two thirds of them labelled; not to be changed."""
    return SyntheticData(n_groups=400, seed=2912, drift=0.0, test_fraction=0.33).load()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an MLflow database without experiments of ours, set up once: that takes seconds."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    uri = f"sqlite:///{path}"
    _ = Store(uri, None, "Default").client
    _forget_mlflow()
    return path


@pytest.fixture
def store(database: Path, tmp_path: Path) -> Iterator[Store]:
    """Give a store of the test's own, artifacts included."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    yield validated(f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts"), "spaceship")
    _forget_mlflow()


@pytest.fixture
def shell(database: Path, tmp_path: Path) -> Shell:
    """Give a shell with an empty outputs folder and a database that is set up already."""
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    shutil.copy(database, outputs / "mlflow.db")
    return Shell(outputs)


@pytest.fixture
def processes() -> Iterator[Keep]:
    """Give a function that keeps a process, to be ended with the test and all that it started."""
    kept: list[Fork] = []

    def keep(process: Fork) -> Fork:
        kept.append(process)
        return process

    yield keep
    for process in kept:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def registry(store: Store, tmp_path: Path) -> Registry:
    """Give a registry in which nothing is registered yet."""
    return Registry(store, "spaceship-synthetic", tmp_path / "outputs" / "locks")


@pytest.fixture(scope="session", autouse=True)
def _heard_interrupts() -> None:
    """Undo what a shell does to whatever it starts in the background: some tests interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_stray_uri() -> Iterator[None]:
    """Leave MLflow's module globals and its environment variable as they were."""
    yield
    _forget_mlflow()


def _forget_mlflow() -> None:
    if "mlflow" not in sys.modules:
        return
    import mlflow

    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="session")
def rows() -> MakeReport:
    """Give a maker of reports whose twin got the n-th passenger right iff `correct[n]`."""
    return make_report


@pytest.fixture(scope="session")
def report() -> MakeReport:
    """Give a maker of reports: `k` of `n` rows right, the first ones."""

    def make(k: int, n: int, **changes: Any) -> Report:
        return make_report([i < k for i in range(n)], **changes)

    return make
