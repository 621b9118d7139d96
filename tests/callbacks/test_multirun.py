"""A multirun's blend that fails costs nothing but itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from spaceship import candidate
from spaceship.callbacks import _multirun
from spaceship.callbacks._hook import Hook
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.process.at_exit import PENDING
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store
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
    present = hook.experiment.blank_report
    training, task = hook.experiment.training.rows, hook.experiment.task
    names = pd.Index(task.names(training))
    turns = np.arange(len(names)) % 2 == 0
    for name, loss, known in (("a", 0.4, turns), ("b", 0.5, ~turns)):
        value = np.where(known, task.target(training), 0.5)
        rows = pd.DataFrame({"group": "g", "loss": 0.0, "constant": 0.0, "value": value}, names)
        recipe: dict[str, object] = {"name": name, "features": {}}
        metrics = {"cv_log_loss": loss}
        digest, protocol = present.data_digest, present.protocol
        job = Job(hook.sweep_folder / name, in_multirun=True)
        report = Report(name, "synthetic", digest, recipe, metrics, protocol=protocol)
        replace(report, out_of_fold=OutOfFold(rows)).write(job.folder)
        (job.folder / ".hydra").mkdir()
        own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        OmegaConf.save(own, job.folder / ".hydra" / "config.yaml")
        OmegaConf.save(["data.n_groups=30"], job.folder / ".hydra" / "overrides.yaml")
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
