"""What becomes of the best job of a multirun."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from spaceship.callbacks import _multirun as multirun
from spaceship.evaluation.report import Report
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store

STUDY = {"_target_": "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper"}
GRID = {"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}


def config(store: Store, folder: Path, sweeper: dict[str, str], **changes: Any) -> DictConfig:
    """Return a multirun's config, as far as its end is concerned."""
    own = {"output_subdir": ".hydra", "sweeper": sweeper, "sweep": {"dir": str(folder)}}
    content = {
        "gate": {"dry_run": True},
        "mode": {"blend": 2},
        "objective": {"metric": "cv_log_loss"},
        "reason": "the latest command's",
        "tracking": {name: getattr(store, name) for name in ("uri", "artifacts", "experiment")},
        "hydra": own,
    }
    return OmegaConf.create(content | changes)


def scored(folder: Path, cfg: DictConfig, name: str, loss: float) -> Job:
    """Return a job that has measured a candidate under a gate of its own."""
    job = Job(folder / name, in_multirun=True)
    recipe = {"name": name, "features": {}}
    Report(name, "local", "d", recipe, {"cv_log_loss": loss}).write(job.folder)
    (job.folder / ".hydra").mkdir()
    saved = OmegaConf.masked_copy(cfg, ["mode", "objective", "tracking"])
    OmegaConf.update(saved, "gate", {"dry_run": False}, force_add=True)
    OmegaConf.update(saved, "reason", None, force_add=True)
    OmegaConf.save(saved, job.folder / ".hydra" / "config.yaml")
    return job


@pytest.mark.parametrize(("sweeper", "dry_run"), [(STUDY, True), (GRID, False)])
def test_a_resumed_sweep_is_gated_as_the_latest_command_says(
    store: Store, tmp_path: Path, sweeper: dict[str, str], *, dry_run: bool
) -> None:
    asked = config(store, tmp_path, sweeper)
    job = scored(tmp_path, asked, "a", 0.4)
    assert multirun._usable_config(asked, job).gate.dry_run is dry_run


def test_a_blend_that_fails_costs_itself_alone_and_its_run_tells_why(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("no weights")

    monkeypatch.setattr(multirun, "score_recipe", fail)
    asked = config(store, tmp_path, STUDY)
    best, _ = scored(tmp_path, asked, "a", 0.4), scored(tmp_path, asked, "b", 0.5)
    parent = store.start_run("multirun", {})
    assert multirun._or_blend(asked, best, store, parent) == best
    (run,) = store.client.search_runs([store.experiment_id], "attributes.run_name = 'blend'")
    assert run.info.status == "FAILED"
    assert run.data.tags["mlflow.parentRunId"] == parent
    names = {item.path for item in store.client.list_artifacts(run.info.run_id)}
    assert "traceback.txt" in names
