"""A multirun's blend that fails costs nothing but itself."""

from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from spaceship import candidate
from spaceship.callbacks import _multirun
from spaceship.callbacks._hook import Hook
from spaceship.process.at_exit import PENDING
from spaceship.tracking.store import Store
from tests.callbacks.test_blend import write_report
from tests.callbacks.test_hook import composed


def test_a_blend_that_fails_is_logged_and_the_best_job_is_gated(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("no weights")

    gated: list[Path] = []
    monkeypatch.setattr(candidate, "score", fail)
    monkeypatch.setattr(candidate, "fit", lambda _, job, __: gated.append(job.folder))
    folder = tmp_path / "outputs"
    sweep = ["+mode.blend=2", "hydra/sweeper=optuna", "data.n_groups=30"]
    config = composed(folder, f"tracking.uri={store.uri}", *sweep)
    hook = Hook(config)
    turns = np.arange(len(hook.experiment.training.rows)) % 2 == 0
    for name, right in (("a", turns), ("b", ~turns)):
        write_report(hook, name, {"name": name, "features": {}}, right)
        saved = hook.sweep_folder / name / ".hydra"
        saved.mkdir()
        own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        OmegaConf.save(own, saved / "config.yaml")
        OmegaConf.save(["data.n_groups=30"], saved / "overrides.yaml")
    parent = _multirun.start(hook, "multirun")
    try:
        with pytest.raises(Exception, match="MLflow run for the job"):
            _multirun.end(hook, parent)
    finally:
        PENDING.open_runs.clear()
    assert gated == [hook.sweep_folder / "a"]
    (blend,) = hook.sweep_folder.glob("blend-*")
    command = hook.experiment_of(blend).registry.command("mode=inference")
    assert "data.n_groups=30" in command, "of a blend, too, it works as typed"
    (run,) = store.client.search_runs(
        [store.experiment_id], "attributes.run_name = 'blend · synthetic'"
    )
    assert run.info.status == "FAILED"
    assert run.data.tags["mlflow.parentRunId"] == parent
    names = {item.path for item in store.client.list_artifacts(run.info.run_id)}
    assert "traceback.txt" in names
