"""What the callback tells jobs by."""

from typing import Any

import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import RunMode
from omegaconf import OmegaConf

from spaceship.at_exit import PENDING
from spaceship.callbacks import _job as logbook
from spaceship.callbacks._job import is_study
from spaceship.callbacks.mlflow import MLflowCallback
from spaceship.errors import RegistryError


@pytest.mark.parametrize(
    ("sweeper", "study"),
    [
        ({"_target_": "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper"}, True),
        ({"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_sweeper_that_was_taken_away_makes_no_study(
    sweeper: dict[str, str] | None, *, study: bool
) -> None:
    assert is_study(OmegaConf.create({"hydra": {"sweeper": sweeper}})) == study


def test_what_fails_at_a_jobs_end_comes_back_from_a_launchers_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise RegistryError("no registry")

    monkeypatch.setattr(logbook, "end_job", fail)
    config = OmegaConf.create({"hydra": {"sweeper": None, "mode": RunMode.MULTIRUN}})
    done = JobReturn(overrides=[], status=JobStatus.COMPLETED, _return_value=0.4)
    try:
        MLflowCallback().on_job_end(config, done)
    finally:
        PENDING.failures.clear()
    with pytest.raises(RegistryError, match="no registry"):
        _ = done.return_value
