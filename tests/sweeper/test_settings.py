"""Settings of a sweep: workers of each launcher, and what is refused before anything runs."""

import os
from typing import Any

import pytest
from omegaconf import OmegaConf

from hydra_plugins.spaceship_optuna import _settings
from hydra_plugins.spaceship_optuna._errors import MissingPackageError, SettingsError
from hydra_plugins.spaceship_optuna._hooks import Objective
from hydra_plugins.spaceship_optuna._settings import Settings, check_settings
from hydra_plugins.spaceship_optuna.config import DEFAULT_PRUNER, PRUNERS

JOBLIB = {"_target_": "x.JoblibLauncher", "n_jobs": 2}
SLURM = {"_target_": "x.SlurmLauncher", "array_parallelism": 256}
BASIC = {"_target_": "x.BasicLauncher"}


@pytest.mark.parametrize(
    ("launcher", "n_jobs", "n_trials", "workers"),
    [
        (BASIC, None, 20, 1),
        (JOBLIB, None, 20, 2),
        (JOBLIB | {"n_jobs": -1}, None, 20, 4),
        (JOBLIB, 3, 20, 3),
        (JOBLIB, 9, 20, 4),  # no more than there are cores here
        (JOBLIB, None, 1, 1),
        (SLURM, None, 20, 20),  # no more than there are trials
        (SLURM, 8, 20, 8),
    ],
)
def test_workers_are_neither_idle_nor_more_than_the_cores(
    launcher: dict[str, Any],
    n_jobs: int | None,
    n_trials: int,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    settings = Settings(n_jobs=n_jobs, n_trials=n_trials)
    assert _settings.n_workers(settings, OmegaConf.create(launcher)) == workers


def test_several_workers_on_the_basic_launcher_are_one(caplog: pytest.LogCaptureFixture) -> None:
    assert _settings.n_workers(Settings(n_jobs=2), OmegaConf.create(BASIC)) == 1
    assert "one after the other" in caplog.text
    assert "add hydra/launcher=joblib" in caplog.text


@pytest.mark.parametrize("own", ["text", 1.5, [1]])
def test_a_number_of_workers_that_is_none_is_refused(own: Any) -> None:
    with pytest.raises(
        SettingsError, match=r"expected hydra\.launcher\.n_jobs to be a whole number"
    ):
        _settings.n_workers(Settings(n_trials=2), OmegaConf.create(JOBLIB | {"n_jobs": own}))


@pytest.mark.parametrize("launcher", [None, OmegaConf.create({"n_jobs": 2})])
def test_a_launcher_that_is_none_is_refused(launcher: Any) -> None:
    with pytest.raises(SettingsError, match=r"expected a launcher, found hydra\.launcher="):
        _settings.n_workers(Settings(), launcher)


SETTINGS: dict[str, Any] = {
    "sampler": {"_target_": "optuna.samplers.RandomSampler"},
    "pruner": {"_target_": "optuna.pruners.NopPruner"},
    "direction": None,
    "n_trials": 2,
    "min_trials_per_candidate": 1,
    "max_failure_rate": 0.5,
    "timeout": None,
    "n_jobs": None,
    "resume": None,
    "study_name": None,
    "custom_search_space": None,
}
SWEEP = {"dir": "x", "subdir": "${hydra.job.num}"}
CONFIG: dict[str, Any] = {
    "hydra": {"overrides": {"hydra": []}, "sweep": SWEEP},
}
GRID = {"_target_": "optuna.samplers.GridSampler", "search_space": None, "seed": None}
MEDIAN = {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 5}


@pytest.mark.parametrize("part", ["sampler", "pruner"])
@pytest.mark.parametrize(
    "node",
    [
        *(None, 1e400, [], {"_target_": "optuna.Study"}, {"_target_": "sklearn.svm.SVC"}),
        {"_target_": "sys.exit"},
        {"_target_": "optuna.samplers.NoSuchSampler"},
    ],
    ids=str,
)
def test_sampler_and_pruner_are_of_their_kind(part: str, node: Any) -> None:
    assert check_settings(SETTINGS, OmegaConf.create(CONFIG)).directions == ["minimize"]
    with pytest.raises(SettingsError, match=rf"hydra.sweeper.{part}"):
        check_settings(SETTINGS | {part: node}, OmegaConf.create(CONFIG))


@pytest.mark.parametrize("subdir", ["same", "${hydra.job.id}", None])
def test_another_name_for_the_folder_of_a_trial_is_refused(subdir: str | None) -> None:
    config = OmegaConf.create(CONFIG)
    config.hydra.sweep.subdir = subdir
    with pytest.raises(SettingsError, match=r"expected hydra\.sweep\.subdir=\$\{hydra\.job\.num\}"):
        check_settings(SETTINGS, config)


@pytest.mark.parametrize(
    "asked", ["min_trials_per_candidate=2", "sampler.seed=1", "sampler.search_space={x:[1]}"]
)
def test_what_a_grid_does_not_go_by_is_refused(asked: str) -> None:
    config = OmegaConf.create(CONFIG)
    config.hydra.overrides.hydra = [f"++hydra.sweeper.{asked}"]
    assert check_settings(SETTINGS, config).directions == ["minimize"]
    with pytest.raises(SettingsError, match=f"hydra.sweeper.{asked.partition('=')[0]}, found grid"):
        check_settings(SETTINGS | {"sampler": GRID}, config)


def test_several_objectives_refuse_a_pruner_that_was_chosen_in_yaml() -> None:
    config, two = OmegaConf.create(CONFIG), {"direction": ["minimize", "maximize"]}
    default = PRUNERS[DEFAULT_PRUNER]
    checked = check_settings(SETTINGS | two | {"pruner": default}, config)
    assert checked.pruner["_target_"].endswith("NopPruner")
    for chosen in (MEDIAN, default | {"p_threshold": 0.1}):
        with pytest.raises(SettingsError, match="expected one objective to prune by, found 2"):
            check_settings(SETTINGS | two | {"pruner": chosen}, config)


def test_fewer_trials_than_candidates_are_refused() -> None:
    settings = Settings(**SETTINGS | {"n_trials": 3})
    _settings.check_budget(settings, 3)
    with pytest.raises(SettingsError, match="each of 4 candidates, found n_trials=3"):
        _settings.check_budget(settings, 4)


@pytest.mark.parametrize(
    ("n_trials", "sampler", "warned"),
    [(5, SETTINGS["sampler"], True), (6, SETTINGS["sampler"], False), (5, GRID, False)],
)
def test_fewer_trials_than_the_candidates_share_are_told(
    caplog: pytest.LogCaptureFixture, n_trials: int, sampler: Any, *, warned: bool
) -> None:
    changes = {"n_trials": n_trials, "min_trials_per_candidate": 3, "sampler": sampler}
    _settings.check_budget(Settings(**SETTINGS | changes), 2)
    assert ("too few for 2 candidates" in caplog.text) is warned
    assert ("; give 6 or more, or fewer models." in caplog.text) is warned


@pytest.mark.parametrize(("direction", "found"), [(None, ["maximize"]), ("maximize", ["maximize"])])
def test_objectives_are_those_of_the_host(direction: str | None, found: list[str]) -> None:
    host = [Objective("cv_accuracy", "maximize", "accuracy")]
    settings = check_settings(SETTINGS | {"direction": direction}, OmegaConf.create(CONFIG), host)
    assert settings.directions == found
    assert settings.objectives == host


@pytest.mark.parametrize("direction", ["up", ["minimize", 1], []])
def test_directions_that_are_none_are_refused(direction: Any) -> None:
    with pytest.raises(SettingsError, match="minimize or maximize"):
        check_settings(SETTINGS | {"direction": direction}, OmegaConf.create(CONFIG))


@pytest.mark.parametrize(
    ("key", "value"),
    [("n_trials", 0), ("n_jobs", 0), ("max_failure_rate", 2), ("max_failure_rate", float("nan"))],
)
def test_numbers_out_of_their_range_are_refused(key: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"expected hydra.sweeper.{key} to be a number of at"):
        check_settings(SETTINGS | {key: value}, OmegaConf.create(CONFIG))


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_timeouts_are_a_finite_time(seconds: float) -> None:
    with pytest.raises(SettingsError, match="number of seconds above 0"):
        check_settings(SETTINGS | {"timeout": seconds}, OmegaConf.create(CONFIG))


def test_target_of_a_package_that_is_not_installed_names_it() -> None:
    node = {"_target_": "no_such_package.Sampler"}
    with pytest.raises(MissingPackageError, match="pip install no_such_package"):
        check_settings(SETTINGS | {"sampler": node}, OmegaConf.create(CONFIG))
