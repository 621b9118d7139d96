"""The main job on an MLflow server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from scripts.mlflow_server import MlflowServer
from spaceship.tracking.runs import read_held, read_runs
from spaceship.tracking.store import Store
from tests.commands import QUICK, QUICK_MODEL, SUBMISSION, Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Start an MLflow server on this machine and give its address."""
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    made = MlflowServer(tmp_path, f"sqlite:///{tmp_path}/m.db", environment=quiet)
    try:
        made.start()
        yield made.uri
    finally:
        made.kill()


def test_main_job_on_a_server(tmp_path: Path, server: str) -> None:
    shell = Shell(tmp_path / "outputs")
    done = shell(*QUICK, QUICK_MODEL, "tracking=server", f"tracking.uri={server}")
    assert done.returncode == 0, done.stdout + done.stderr
    client = MlflowClient(server, server)
    champion = client.get_model_version_by_alias("spaceship_titanic-synthetic", "champion")
    assert champion.status == "READY"
    assert not (shell.outputs / "mlflow.db").exists()
    assert (shell.outputs / SUBMISSION).is_file()
    served, behind = (
        Store(uri, None, "spaceship") for uri in (server, f"sqlite:///{tmp_path}/m.db")
    )
    rows = read_runs(served, ["task", "award"], ["cv_accuracy"])
    assert rows == read_runs(behind, ["task", "award"], ["cv_accuracy"])
    assert [row.tags["award"] for row in rows] == ["champion"]
    assert read_held(served) == read_held(behind)
    assert [held.alias for held in read_held(served)[rows[0].run_id]] == ["champion"]
