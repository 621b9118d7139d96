"""MLflow's own commands and clients work in a moved folder, and a copy cannot hurt the original."""

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from spaceship.tracking import mlflow_plugin
from spaceship.tracking.store import Store
from tests.commands import ROOT
from tests.tracking.test_relocation import contents, filled

GROUPS = {
    "mlflow.tracking_store": mlflow_plugin.tracking_store,
    "mlflow.model_registry_store": mlflow_plugin.registry_store,
}
WITH_PLUGIN = """
import sys
from mlflow.server import handlers
from mlflow.tracking import _model_registry, _tracking_service
from spaceship.tracking.mlflow_plugin import registry_store, tracking_store
_tracking_service.utils._tracking_store_registry.register("sqlite", tracking_store)
handlers._tracking_store_registry.register("sqlite", tracking_store)
_model_registry.utils._get_store_registry().register("sqlite", registry_store)
"""
"""What MLflow does where the project is installed with its entry points."""
COLLECTS = """
from mlflow import MlflowClient
from mlflow.cli import gc
MlflowClient(sys.argv[1]).delete_run(sys.argv[2])
gc(["--backend-store-uri", sys.argv[1], "--tracking-uri", sys.argv[1]], standalone_mode=False)
"""
READS = """
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
print(mlflow.artifacts.download_artifacts("models:/m/1/MLmodel"))
"""


def plain_mlflow(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", WITH_PLUGIN + program, *arguments]
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    pipes: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run(command, env=own, check=False, **pipes)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.mark.parametrize("group", GROUPS)
def test_the_entry_points_name_the_functions(group: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    entry = EntryPoint("sqlite", project["entry-points"][group]["sqlite"], group)
    assert entry.load() is GROUPS[group]


@pytest.mark.slow
def test_mlflow_gc_is_the_first_to_open_a_copy(store: Store, tmp_path: Path) -> None:
    folder, run_id = filled(store)
    shutil.copytree(folder, tmp_path / "copy")
    before = contents(folder)
    plain_mlflow(COLLECTS, f"sqlite:///{tmp_path}/copy/mlflow.db", run_id)
    assert contents(folder) == before
    assert not list((tmp_path / "copy").rglob("a.txt"))


@pytest.mark.slow
def test_a_model_is_loaded_where_it_was_moved_to(store: Store, tmp_path: Path) -> None:
    moved = filled(store)[0].rename(tmp_path / "moved")
    found = plain_mlflow(READS, f"sqlite:///{moved}/mlflow.db").strip()
    assert found.startswith(str(moved / "mlartifacts"))


def test_any_other_store_is_opened_as_ever(tmp_path: Path, database: Path) -> None:
    shutil.copy(database, tmp_path / "mine.db")
    before = (tmp_path / "mine.db").read_bytes()
    made = mlflow_plugin.tracking_store(f"sqlite:///{tmp_path}/mine.db", str(tmp_path / "art"))
    assert made.get_experiment("0").name == "Default"
    assert (tmp_path / "mine.db").read_bytes() == before
