"""Hydra's config as hooks see it."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from spaceship.callbacks._hook import Hook
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.experiment import Experiment

CHOICES = {"mode": "train", "model": "lgbm", "features": "full", "data": "local", "task": "t"}
SWEEPERS = {"optuna": True, "basic": False}


def composed(folder: Path, *overrides: str) -> DictConfig:
    """Return a command's config with Hydra's node, its sweep in a folder."""
    register_resolvers()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", [f"paths.outputs={folder}", *overrides], return_hydra_config=True)
    with open_dict(cfg):
        cfg.hydra.sweep.dir = str(folder / "sweep")
        cfg.hydra.runtime.choices = {**CHOICES}
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
    assert of_saved_job(asked, tmp_path).gate.dry_run is dry_run


def of_saved_job(asked: DictConfig, folder: Path, *lacks: str) -> Experiment:
    """Return the Experiment of a job that was saved without some sections."""
    saved = composed(folder)
    kept = [str(key) for key in saved if key not in ("hydra", *lacks)]
    (folder / "sweep" / "0" / ".hydra").mkdir(parents=True)
    OmegaConf.save(
        OmegaConf.masked_copy(saved, kept), folder / "sweep" / "0" / ".hydra" / "config.yaml"
    )
    hook = Hook(asked)
    return hook.experiment_of(hook.sweep_folder / "0")


def test_a_job_of_an_earlier_release_takes_new_sections_from_the_present_command(
    tmp_path: Path,
) -> None:
    asked = composed(tmp_path, "leaderboard.top=3", "seed=7")
    new = ("output", "explain", "leaderboard", "report", "run", "row")
    settings = of_saved_job(asked, tmp_path, *new).settings
    assert (settings.leaderboard.top, settings.output, settings.run) == (3, "text", None)
    assert settings.seed == 42, "of the saved config"


def test_commands_that_make_a_run_again_have_no_choice_of_output(tmp_path: Path) -> None:
    cfg = composed(tmp_path)
    cfg.hydra.overrides.task = ["mode=tune", "output=json", "model=lgbm"]
    hook = Hook(cfg)
    assert hook.tags(multirun=True)["command"].endswith(" -m mode=tune model=lgbm")
    assert "output=" not in hook.tags()["mlflow.note.content"]
    assert hook.trial_command.endswith(" mode=train model=lgbm")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "lgbm on full · local #0"),
        ({"mode": "default", "model": "champion"}, "champion's recipe · local #0"),
        ({"mode": "simulate"}, "simulate: lgbm on full · local #0"),
        ({"mode": "promote", "model": "unused", "features": "unused"}, "promote · local #0"),
    ],
)
def test_a_run_is_named_after_recipe_and_data(
    tmp_path: Path, changes: dict[str, str], name: str
) -> None:
    cfg = composed(tmp_path)
    cfg.hydra.runtime.choices = CHOICES | changes
    assert Hook(cfg).run_name == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (["model=choice(lgbm, catboost)"], "train: lgbm, catboost · local"),
        (["model=catboost"], "train: catboost · local"),
        (["seed=1,2", "~local"], "train: lgbm · local"),
    ],
)
def test_a_sweep_is_named_after_its_candidates(tmp_path: Path, given: list[str], name: str) -> None:
    cfg = composed(tmp_path)
    cfg.hydra.overrides.task = given
    assert Hook(cfg).sweep_name == name


def test_a_run_is_tagged_with_what_the_views_look_for(tmp_path: Path) -> None:
    tags = Hook(composed(tmp_path)).tags()
    assert (tags["task"], tags["data_source"]) == ("spaceship_titanic", "synthetic")
    assert "This run again" in tags["mlflow.note.content"]
