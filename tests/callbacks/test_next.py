"""Next commands: where a run can be seen."""

import sys
from pathlib import Path

import pytest

from spaceship.callbacks._next import see_runs
from spaceship.config.installation import checkout
from spaceship.tracking.store import Store


class Placed:
    """What the commands need of an experiment."""

    def __init__(self, outputs: Path, uri: str) -> None:
        self.outputs, self.store = outputs, Store(uri, None, "a")
        self.store.__dict__["experiment_id"] = "7"  # known without a server


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("sqlite:///{}/mlflow.db", "make -C {root} ui OUTPUTS={}"),
        ("sqlite:////other.db", "MLFLOW_TRACKING_URI=sqlite:////other.db {bin}/mlflow ui"),
        ("http://h:5000/", "http://h:5000/#/experiments/7/runs?workflowType=machine_learning"),
    ],
)
def test_a_run_is_seen_where_its_store_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"root": checkout(), "bin": Path(sys.executable).parent}
    placed = Placed(tmp_path, uri.format(tmp_path))
    assert see_runs(placed) == shown.format(tmp_path, **places)  # type: ignore[arg-type]
