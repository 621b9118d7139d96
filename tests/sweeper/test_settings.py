"""How many workers a sweep starts, whatever its launcher calls their number."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from hydra_plugins.spaceship_optuna import _settings
from hydra_plugins.spaceship_optuna.config import DEFAULT_PRUNER, PRUNERS
from spaceship.errors import ConfigError

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
    monkeypatch.setattr(_settings, "usable_cores", lambda: 4)
    settings = {"n_jobs": n_jobs, "n_trials": n_trials}
    assert _settings.n_workers(settings, OmegaConf.create(launcher)) == workers


def test_several_workers_need_a_launcher_that_runs_them_at_once() -> None:
    with pytest.raises(ConfigError, match="add hydra/launcher=joblib"):
        _settings.n_workers({"n_jobs": 2, "n_trials": 20}, OmegaConf.create(BASIC))


@pytest.mark.parametrize("own", ["text", 1.5, [1]])
def test_a_number_of_workers_that_is_none_is_refused(own: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected hydra\.launcher\.n_jobs to be a whole number"):
        _settings.n_workers(
            {"n_jobs": None, "n_trials": 2}, OmegaConf.create(JOBLIB | {"n_jobs": own})
        )


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
    "objective": {"metric": "cv_log_loss"},
}
GRID = {"_target_": "optuna.samplers.GridSampler", "search_space": None, "seed": None}
MEDIAN = {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 5}


@pytest.mark.parametrize("part", ["sampler", "pruner"])
@pytest.mark.parametrize(
    "node",
    [None, 1e400, [], {"_target_": "optuna.Study"}, {"_target_": "sklearn.svm.SVC"}],
    ids=str,
)
def test_sampler_and_pruner_are_of_their_kind(part: str, node: Any) -> None:
    assert _settings.checked(SETTINGS, OmegaConf.create(CONFIG))["direction"] == ["minimize"]
    with pytest.raises(ConfigError, match=rf"hydra.sweeper.{part}|optuna.Study cannot be built"):
        _settings.checked(SETTINGS | {part: node}, OmegaConf.create(CONFIG))


@pytest.mark.parametrize("subdir", ["same", "${hydra.job.id}", None])
def test_another_name_for_the_folder_of_a_trial_is_refused(subdir: str | None) -> None:
    config = OmegaConf.create(CONFIG)
    config.hydra.sweep.subdir = subdir
    with pytest.raises(ConfigError, match=r"expected hydra\.sweep\.subdir=\$\{hydra\.job\.num\}"):
        _settings.checked(SETTINGS, config)


@pytest.mark.parametrize(
    "asked", ["min_trials_per_candidate=2", "sampler.seed=1", "sampler.search_space={x:[1]}"]
)
def test_what_a_grid_does_not_go_by_is_refused(asked: str) -> None:
    config = OmegaConf.create(CONFIG)
    config.hydra.overrides.hydra = [f"++hydra.sweeper.{asked}"]
    assert _settings.checked(SETTINGS, config)["direction"] == ["minimize"]
    with pytest.raises(ConfigError, match=f"hydra.sweeper.{asked.partition('=')[0]}, found grid"):
        _settings.checked(SETTINGS | {"sampler": GRID}, config)


def test_several_objectives_refuse_a_pruner_that_was_chosen_in_yaml() -> None:
    config = OmegaConf.create(CONFIG | {"objective": {"metric": ["cv_log_loss", "cv_brier"]}})
    default = PRUNERS[DEFAULT_PRUNER]
    checked = _settings.checked(SETTINGS | {"pruner": default}, config)
    assert checked["pruner"]["_target_"].endswith("NopPruner")
    for chosen in (MEDIAN, default | {"p_threshold": 0.1}):
        with pytest.raises(ConfigError, match="expected one objective to prune by, found 2"):
            _settings.checked(SETTINGS | {"pruner": chosen}, config)


def test_fewer_trials_than_candidates_are_refused() -> None:
    settings = SETTINGS | {"n_trials": 3, "min_trials_per_candidate": 1}
    _settings.check_budget(settings, 3)
    with pytest.raises(ConfigError, match="each of 4 candidates, found n_trials=3"):
        _settings.check_budget(settings, 4)


@pytest.mark.parametrize(
    ("n_trials", "sampler", "warned"),
    [(5, SETTINGS["sampler"], True), (6, SETTINGS["sampler"], False), (5, GRID, False)],
)
def test_fewer_trials_than_the_candidates_share_are_told(
    caplog: pytest.LogCaptureFixture, n_trials: int, sampler: Any, *, warned: bool
) -> None:
    changes = {"n_trials": n_trials, "min_trials_per_candidate": 3, "sampler": sampler}
    _settings.check_budget(SETTINGS | changes, 2)
    assert ("too few for 2 candidates" in caplog.text) is warned


@pytest.mark.parametrize("metric", [1, True, [], [1], {"a": 1}, "nope"])
def test_an_objective_that_names_no_metric_is_refused(metric: Any) -> None:
    config = OmegaConf.create(CONFIG | {"objective": {"metric": metric}})
    with pytest.raises(ConfigError, match="Expected"):
        _settings.checked(SETTINGS, config)
