"""End of the run above a study's trials: not while another machine is at one of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from spaceship.callbacks import _study
from spaceship.tracking.store import Store
from tests.sweeper.studies import DEAD, ELSEWHERE
from tests.tracking.trials import saved, statuses


@pytest.mark.parametrize(("owner", "status"), [(ELSEWHERE, "RUNNING"), (DEAD, "KILLED")])
def test_an_interrupted_sweep_is_left_to_the_other_machine_at_work(
    owner: dict[str, str], status: str, store: Store, tmp_path: Path
) -> None:
    study = optuna.create_study()
    study.ask().set_user_attr("owner", owner)
    parent = store.start_run("sweep", {})
    saved(tmp_path / "3", parent=parent).ended("FINISHED", {}).save(tmp_path / "3")
    hook: Any = SimpleNamespace(experiment=SimpleNamespace(store=store), sweep_folder=tmp_path)
    _study._end_parent(hook, parent, study, "KILLED")
    assert statuses(store) == sorted(["FINISHED", status])
