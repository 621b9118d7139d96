"""How many workers a sweep starts, whatever its launcher calls their number."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from hydra_plugins.spaceship_optuna import _settings
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
