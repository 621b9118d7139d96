"""Hydra's config as hooks see it."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from spaceship.callbacks._hook import Hook
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers

SWEEPERS = {"optuna": True, "basic": False}


def composed(folder: Path, *overrides: str) -> DictConfig:
    """Return a command's config with Hydra's node, its sweep in a folder."""
    register_resolvers()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", [f"paths.outputs={folder}", *overrides], return_hydra_config=True)
    with open_dict(cfg):
        cfg.hydra.sweep.dir = str(folder / "sweep")
        cfg.hydra.runtime.choices = {"mode": "train", "model": "lgbm"}
        cfg.hydra.job.num = 0
    return cfg


@pytest.mark.parametrize(("sweeper", "study"), SWEEPERS.items())
def test_a_study_is_a_sweep_of_this_projects_sweeper(
    tmp_path: Path, sweeper: str, *, study: bool
) -> None:
    assert Hook(composed(tmp_path, f"hydra/sweeper={sweeper}")).is_study == study


def test_a_sweeper_that_was_deleted_makes_no_study(tmp_path: Path) -> None:
    cfg = composed(tmp_path)
    cfg.hydra.sweeper = None
    assert not Hook(cfg).is_study


@pytest.mark.parametrize(("sweeper", "dry_run"), SWEEPERS.items())
def test_a_resumed_sweep_is_gated_as_the_latest_command_says(
    tmp_path: Path, sweeper: str, *, dry_run: bool
) -> None:
    asked = composed(tmp_path, f"hydra/sweeper={sweeper}", "gate.dry_run=true")
    saved = OmegaConf.masked_copy(composed(tmp_path), [str(key) for key in asked if key != "hydra"])
    (tmp_path / "sweep" / "0" / ".hydra").mkdir(parents=True)
    OmegaConf.save(saved, tmp_path / "sweep" / "0" / ".hydra" / "config.yaml")
    hook = Hook(asked)
    experiment = hook.experiment_of(hook.sweep_folder / "0")
    assert experiment.gate.dry_run is dry_run
